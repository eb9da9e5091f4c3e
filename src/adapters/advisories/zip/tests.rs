use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};

use super::*;

/// A ZIP file in the making.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Made {
    /// Adds an entry. `change` edits its directory header.
    fn entry(mut self, name: &str, content: &[u8], deflate: bool, change: fn(&mut [u8])) -> Self {
        let packed = if deflate {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.to_vec()
        };
        let method: u16 = if deflate { 8 } else { 0 };
        let local = u32::try_from(self.bytes.len()).unwrap();
        let length = u16::try_from(name.len()).unwrap();
        // As a writer does it that does not know the sizes yet: they follow the content.
        self.bytes.extend(b"PK\x03\x04\x14\0\x08\0");
        self.bytes.extend(method.to_le_bytes());
        self.bytes.extend([0; 16]);
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend([4, 0]);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend([0x99, 0, 0, 0]);
        self.bytes.extend(&packed);
        self.bytes.extend(b"PK\x07\x08any descriptor");

        let mut header = b"PK\x01\x02\x14\x03\x14\0\x08\0".to_vec();
        header.extend(method.to_le_bytes());
        header.extend([0; 4]);
        header.extend(crc32fast::hash(content).to_le_bytes());
        header.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        header.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        header.extend(length.to_le_bytes());
        header.extend([4, 0, 2, 0]);
        header.extend([0; 8]);
        header.extend(local.to_le_bytes());
        change(&mut header);
        self.directory.extend(header);
        self.directory.extend(name.as_bytes());
        self.directory.extend([0x99, 0, 0, 0]);
        self.directory.extend(b"hm");
        self.entries += 1;
        self
    }

    fn record(self, name: &str, content: &[u8]) -> Self {
        self.entry(name, content, true, |_| {})
    }

    /// Leaves out the first bytes of the directory. The number of entries stays.
    fn without(mut self, bytes: usize) -> Self {
        self.directory.drain(..bytes);
        self
    }

    fn end(mut self, comment: &[u8], zip64: bool) -> Vec<u8> {
        let (offset, size) = (self.bytes.len() as u64, self.directory.len() as u64);
        self.bytes.append(&mut self.directory);
        if zip64 {
            let end64 = self.bytes.len() as u64;
            self.bytes.extend(b"PK\x06\x06");
            self.bytes.extend(44_u64.to_le_bytes());
            self.bytes.extend([0; 12]);
            for _ in 0..2 {
                self.bytes.extend(u64::from(self.entries).to_le_bytes());
            }
            self.bytes.extend(size.to_le_bytes());
            self.bytes.extend(offset.to_le_bytes());
            self.bytes.extend(b"PK\x06\x07\0\0\0\0");
            self.bytes.extend(end64.to_le_bytes());
            self.bytes.extend(1_u32.to_le_bytes());
        }
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        for _ in 0..2 {
            let entries = if zip64 { u16::MAX } else { self.entries };
            self.bytes.extend(entries.to_le_bytes());
        }
        for number in [size, offset] {
            let number = if zip64 { u32::MAX } else { u32::try_from(number).unwrap() };
            self.bytes.extend(number.to_le_bytes());
        }
        self.bytes.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        self.bytes.extend(comment);
        self.bytes
    }
}

/// A name, and its contents or why they are not read.
type Read = (String, Result<String, String>);

/// What is read.
fn found(bytes: &[u8]) -> Result<Vec<Read>, String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let mut found = Vec::new();
    read::<SourceError>(&mut file, "all.zip", &mut |item| {
        let text = item.bytes.map(|bytes| String::from_utf8(bytes).unwrap());
        found.push((item.name.to_owned(), text));
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    Ok(found)
}

fn good() -> Made {
    Made::default().record("MAL-1.json", br#"{"id":"MAL-1"}"#)
}

#[test]
fn reads_records_as_any_writer_writes_them() {
    let both = |zip: &[u8]| {
        let names = found(zip).unwrap();
        let names: Vec<_> =
            names.iter().map(|(name, text)| (name.as_str(), text.as_deref())).collect();
        assert_eq!(
            names,
            [("MAL-1.json", Ok(r#"{"id":"MAL-1"}"#)), ("npm/MAL-2.json", Ok("stored"))]
        );
    };
    let made = || {
        good().entry("npm/MAL-2.json", b"stored", false, |_| {}).entry(
            "README.md",
            b"no record",
            true,
            |header| header[10] = 99,
        )
    };
    both(&made().end(b"", false));
    both(&made().end(b"", true));
    both(&made().end(&[b'x'; COMMENT], false));
    both(&made().end(&[b'x'; COMMENT], true));
    // A comment that looks like an end record.
    both(&made().end(b"PK\x05\x06 and more than that, at least 22 bytes", false));
    assert_eq!(found(&Made::default().end(b"", false)), Ok(vec![]));
}

#[test]
fn names_a_record_that_is_too_large_and_reads_the_others() {
    let large = |header: &mut [u8]| {
        let size = u32::try_from(limits::ADVISORY_BYTES + 1).unwrap();
        header[24..28].copy_from_slice(&size.to_le_bytes());
    };
    let zip = Made::default().entry("a.json", b"", true, large).record("b.json", b"{}");
    let found = found(&zip.end(b"", false)).unwrap();
    assert_eq!(found[0], ("a.json".to_owned(), Err(too_large())));
    assert_eq!(found[1], ("b.json".to_owned(), Ok("{}".to_owned())));
}

#[test]
fn rejects_a_file_that_is_not_whole() {
    let zip = good().end(b"", false);
    for end in 0..zip.len() {
        assert!(found(&zip[..end]).is_err(), "{end}");
    }
    let mut more = zip.clone();
    more.push(0);
    assert!(found(&more).is_err());
}

#[test]
fn rejects_what_is_not_announced() {
    type Change = fn(&mut [u8]);
    let cases: [(&str, Change); 9] = [
        ("neither stored nor deflated", |header| header[10] = 12),
        ("neither stored nor deflated", |header| header[8] = 1),
        ("not what the directory announces", |header| header[16] ^= 1),
        ("not what the directory announces", |header| header[24] += 1),
        ("not what the directory announces", |header| header[24] -= 1),
        ("cannot be unpacked", |header| header[20] -= 4),
        ("has no local header", |header| header[42] += 1),
        ("ends too early", |header| header[45] = 0x7f),
        ("directory is malformed", |header| header[0] = b'p'),
    ];
    for (reason, change) in cases {
        let content = br#"{"id":"MAL-1","summary":"something to pack"}"#;
        let zip = Made::default().entry("MAL-1.json", content, true, change).end(b"", false);
        let error = found(&zip).unwrap_err();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_small_file_does_not_become_large() {
    let max = usize::try_from(limits::ADVISORY_BYTES).unwrap();
    // It says that it has one byte, and has millions.
    let bomb = vec![b' '; 4 * max];
    let zip = Made::default().entry("a.json", &bomb, true, |header| {
        header[24..28].copy_from_slice(&1_u32.to_le_bytes());
    });
    let error = found(&zip.end(b"", false)).unwrap_err();
    assert!(error.contains("not what the directory announces"), "{error}");
}

#[test]
fn rejects_a_directory_outside_of_the_file() {
    for (at, bytes) in [(12, [0xff; 4]), (16, [0xff; 4])] {
        let mut zip = good().end(b"", false);
        let start = zip.len() - END + at;
        zip[start..start + 4].copy_from_slice(&bytes);
        assert!(found(&zip).unwrap_err().contains("does not end at"));
    }
    let mut zip = good().end(b"", true);
    let locator = zip.len() - END - LOCATOR + 8;
    zip[locator..locator + 8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(found(&zip).is_err());
}

#[test]
fn rejects_a_directory_that_lacks_entries() {
    for zip64 in [false, true] {
        let first = good().directory.len();
        let made = || good().record("MAL-2.json", br#"{"id":"MAL-2"}"#);
        assert_eq!(found(&made().end(b"", zip64)).unwrap().len(), 2);
        // One entry is left where two are announced.
        let error = found(&made().without(first).end(b"", zip64)).unwrap_err();
        assert!(error.contains("not as many entries"), "{error}");
        // The end record, or the one of zip64, says that the directory is the first entry alone.
        let mut zip = made().end(b"", zip64);
        let (end, size) = match zip64 {
            false => (zip.len() - END, 12),
            true => (zip.len() - END - LOCATOR - END64, 40),
        };
        let size = end + size..end + size + 4;
        zip[size].copy_from_slice(&u32::try_from(first).unwrap().to_le_bytes());
        let error = found(&zip).unwrap_err();
        assert!(error.contains("does not end at"), "{error}");
    }
    // More entries than announced.
    let mut made = good().record("MAL-2.json", b"{}");
    made.entries = 1;
    assert!(found(&made.end(b"", false)).unwrap_err().contains("not as many entries"));
}
