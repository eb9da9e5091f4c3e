//! How a third party checks the same without sealift. Tests run the lines as they stand here.

use std::fmt::{self, Write as _};

use super::{Page, signers::signers, summary::codes, text::Html};
use crate::app::stored::ReportOrigin;
use crate::cli::render::report::tally::{are, count};

/// That a key sealed the archive, and that everything in it is what was sealed. The same lines are in
/// `man/sealift-archive.5`.
pub const SEAL: &str = include_str!("lines/seal.sh");

/// That the carried trust material verifies from a root, with python-tuf.
pub const TRUST: &str = include_str!("lines/trust.sh");

/// That the attestations verify, with cosign. Before them stands a list of who signed each, `signers`. The same
/// lines are in `man/sealift-archive.5`.
pub const ATTESTATIONS: &str = include_str!("lines/attestations.sh");

/// That a key signed a report.
pub const REPORT: &str = include_str!("lines/report.sh");

impl Page<'_> {
    /// How a third party checks the same without sealift.
    pub(super) fn check(&self, out: &mut String) -> fmt::Result {
        let archive = &self.report.archive;
        let carries_trust = self.report.trust.iter().any(|trust| trust.source == "archive");
        let (signers, left_out) =
            if carries_trust { signers(self.report) } else { Default::default() };
        self.before_lines(out, carries_trust, !signers.is_empty())?;
        // Quoted in a command: nothing but a digest.
        if archive.sha256.len() == 64 && archive.sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            part(
                out,
                "Is it the archive that this page is about?",
                "Prints: app.sealift: OK",
                &format!("echo \"{}  app.sealift\" | sha256sum -c\n", archive.sha256),
            )?;
        }
        part(
            out,
            "Did that key seal it, and is everything in it what was sealed?",
            "Needs unzip, jq and OpenSSL 3. Prints the fingerprint of the key, then Signature Verified Successfully, \
             and nothing after it. Any line after that means that something was added, removed or changed",
            SEAL,
        )?;
        if carries_trust {
            part(
                out,
                "Does the trust material in it verify?",
                "After the lines above. Needs Python 3.11 with python-tuf (pip install tuf cryptography), and a root.json \
                 of the instance that did not come with this archive, under the instance's name: for \
                 public-good, public-good.json. It replays the update at the time when the trust material was \
                 compared with its source",
                TRUST,
            )?;
        }
        if !signers.is_empty() {
            attestations(out, &signers, left_out)?;
        }
        if matches!(self.source, ReportOrigin::Signed { .. } | ReportOrigin::Unchecked { .. }) {
            part(
                out,
                "Who signed the report that this page shows?",
                "Needs the signed report, as app.report, and the public key of who signed it, as report.pub. \
                 Leaves the report itself in report.json",
                REPORT,
            )?;
        }
        out.push_str("</section>\n");
        Ok(())
    }

    /// What the lines check, and what they need.
    fn before_lines(&self, out: &mut String, has_trust: bool, has_signers: bool) -> fmt::Result {
        let archive = &self.report.archive;
        let checked = match (has_trust, has_signers) {
            (true, true) => "the digest, the seal, the trust material and the attestations",
            (true, false) => "the digest, the seal and the trust material",
            (false, _) => "the digest and the seal",
        };
        write!(
            out,
            "<section id=\"check\">\n<h2>Check it yourself, without sealift</h2>\n<p>These lines check {checked}. \
             They do not compare packages with the lockfile, do not verify the registries' signatures, and do \
             not judge evidence by the policy.</p>\n<p>Put the archive into an empty folder, as \
             <code>app.sealift</code>, and the public key of who sealed it, as <code>key.pub</code>. Get the \
             key from them, and not with the archive: ",
        )?;
        let keys: Vec<_> = archive.signers.iter().flat_map(|signer| signer.keys.clone()).collect();
        match keys.as_slice() {
            [] => out.push_str("this page knows no key that has sealed it"),
            keys => {
                out.push_str("the lines print its fingerprint, which must be ");
                codes(out, keys)?;
                if keys.len() > 1 {
                    out.push_str(": run the lines once for each key, every time in a new folder");
                }
            }
        }
        out.push_str(
            ". Save each block of lines as a file, such as check.sh, and run <code>sh check.sh</code>.</p>\n",
        );
        Ok(())
    }
}

/// The lines for attestations, with who signed them.
fn attestations(out: &mut String, signers: &str, left_out: usize) -> fmt::Result {
    let left_out = match left_out {
        0 => String::new(),
        more => format!(
            ". {} not in the list, since a name has other characters than the shell may read, or is too long",
            format_args!("{} {}", count(more, "attestation"), are(more))
        ),
    };
    let note = format!(
        "After the lines above, which verify the trust material that these use. Needs jq, OpenSSL 3 and cosign 3, \
         and no network. (cosign 2.5 compares SHA-256 alone, and packages of npm have SHA-512.) The list says \
         who signed what, as this page does: the issuer and the identity of a certificate, or the id of a \
         registry's key. An attestation that no transparency log has is not in it. Prints a line that ends \
         in verified for each attestation, and stops at the first that does not verify. This shows that the \
         signer signed a statement about exactly these bytes, and that the transparency log has accepted it. \
         It does not show that the statement names this repository and commit, nor that the registry's key \
         was still valid then. It uses the trust material in the archive, and none that is newer{left_out}"
    );
    part(
        out,
        "Did the signers that this page names sign the attestations in it?",
        &note,
        &format!("cat > signers <<'END'\n{signers}END\n{ATTESTATIONS}"),
    )
}

fn part(out: &mut String, title: &str, note: &str, lines: &str) -> fmt::Result {
    writeln!(out, "<h3>{title}</h3>\n<p>{note}.</p>\n<pre>{}</pre>", Lines(lines))
}

/// Command lines of our own.
struct Lines<'a>(&'a str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.lines() {
            writeln!(f, "{}", Html(line))?;
        }
        Ok(())
    }
}
