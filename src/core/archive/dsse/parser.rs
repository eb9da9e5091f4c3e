//! Reads an envelope in pieces, as they come from the file.
//!
//! The archive's envelope is read before any signature on it is verified. Its payload is decoded on the
//! way, so that an envelope needs no more memory than its payload.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Envelope, EnvelopeError, PAYLOAD_TYPE, Signature, Tail, WireSignature, check_number, head, tail,
};
use crate::core::limits;

/// An envelope whose bytes have not all arrived.
#[derive(Debug)]
pub struct EnvelopeParser {
    /// The payload type that it must have.
    payload_type: &'static str,
    /// How many bytes of the expected start of the envelope were read.
    head: usize,
    payload: Vec<u8>,
    /// The payload's last characters, of which there were not four yet.
    rest: Vec<u8>,
    /// Whether the payload's padding was there.
    padded: bool,
    /// What follows the payload, from its closing quote on.
    tail: Option<Vec<u8>>,
    fault: Option<EnvelopeError>,
}

impl Default for EnvelopeParser {
    fn default() -> Self {
        Self::of(PAYLOAD_TYPE)
    }
}

impl EnvelopeParser {
    /// For an envelope with a payload of that type.
    pub fn of(payload_type: &'static str) -> Self {
        Self {
            payload_type,
            head: 0,
            payload: Vec::new(),
            rest: Vec::new(),
            padded: false,
            tail: None,
            fault: None,
        }
    }

    /// Takes the next bytes. [`finish`](Self::finish) says what is wrong with them.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.fault.is_none() {
            self.fault = self.take(bytes).err();
        }
    }

    /// The envelope, after the last byte.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn finish(self) -> Result<Envelope, EnvelopeError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let signatures = signatures(&self.tail.ok_or_else(|| malformed("it ends too early"))?)?;
        let mut pae = self.payload;
        let header = super::pae_header(self.payload_type, pae.len());
        pae.splice(..0, header.bytes());
        Ok(Envelope { payload_type: self.payload_type, pae, payload_at: header.len(), signatures })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), EnvelopeError> {
        let start = head(self.payload_type);
        let expected = start.as_bytes().get(self.head..).unwrap_or_default();
        let (found, bytes) = bytes.split_at(bytes.len().min(expected.len()));
        if !expected.starts_with(found) {
            return Err(malformed(&format!("it does not start with {start}")));
        }
        self.head = self.head.saturating_add(found.len());
        let after = match &mut self.tail {
            Some(tail) => {
                tail.extend_from_slice(bytes);
                tail
            }
            None => {
                let end = bytes.iter().position(|byte| *byte == b'"').unwrap_or(bytes.len());
                let (base64, after) = bytes.split_at(end);
                self.decode(base64)?;
                if after.is_empty() {
                    return Ok(());
                }
                if !self.rest.is_empty() {
                    return Err(EnvelopeError::Base64("payload"));
                }
                self.tail.insert(after.to_vec())
            }
        };
        if after.len() > limits::ENVELOPE_TAIL_BYTES {
            return Err(malformed("more follows the payload than signatures take"));
        }
        Ok(())
    }

    fn decode(&mut self, base64: &[u8]) -> Result<(), EnvelopeError> {
        self.rest.extend_from_slice(base64);
        let left = self.rest.split_off(self.rest.len() / 4 * 4);
        let whole = std::mem::replace(&mut self.rest, left);
        let Some(last) = whole.last() else { return Ok(()) };
        if self.padded || STANDARD.decode_vec(&whole, &mut self.payload).is_err() {
            return Err(EnvelopeError::Base64("payload"));
        }
        self.padded = *last == b'=';
        Ok(())
    }
}

/// The signatures in the part after the payload. It must be written in its one form.
fn signatures(found: &[u8]) -> Result<Vec<Signature>, EnvelopeError> {
    let fields = found.strip_prefix(br#"","#).ok_or_else(|| malformed("signatures must follow"))?;
    let fields: Tail = serde_json::from_slice(&[b"{", fields].concat())
        .map_err(|error| malformed(&error.to_string()))?;
    check_number(fields.signatures.len())?;
    let signatures: Vec<_> =
        fields.signatures.into_iter().map(WireSignature::parse).collect::<Result<_, _>>()?;
    let unsorted =
        signatures.iter().zip(signatures.iter().skip(1)).find(|(a, b)| a.keyid >= b.keyid);
    if let Some((_, signature)) = unsorted {
        return Err(EnvelopeError::Unsorted(signature.keyid.clone()));
    }
    if tail(&signatures) != found {
        return Err(malformed("its signatures are not written in the one form"));
    }
    Ok(signatures)
}

fn malformed(what: &str) -> EnvelopeError {
    EnvelopeError::Json(what.to_owned())
}
