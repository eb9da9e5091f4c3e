//! How a third party checks the same without sealift. Tests run the lines as they stand here.

use std::fmt::{self, Write as _};

use super::{Page, summary::codes, text::Text};
use crate::app::stored::ReportOrigin;

/// That a key sealed the archive, and that everything in it is what was sealed. The same lines are in
/// `man/sealift-archive.5`.
pub const SEAL: &str = include_str!("lines/seal.sh");

/// That the carried trust material verifies from a root, with python-tuf.
pub const TRUST: &str = include_str!("lines/trust.sh");

/// That a key signed a report.
pub const REPORT: &str = include_str!("lines/report.sh");

impl Page<'_> {
    /// How a third party checks the same without sealift.
    pub(super) fn check(&self, out: &mut String) -> fmt::Result {
        let archive = &self.report.archive;
        self.before_lines(out)?;
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
            "Needs unzip, jq and OpenSSL 3. Prints: Signature Verified Successfully, and \
             nothing after it. Any line after it means that something was added, removed or changed",
            SEAL,
        )?;
        if self.report.trust.iter().any(|trust| trust.source == "archive") {
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
    fn before_lines(&self, out: &mut String) -> fmt::Result {
        let archive = &self.report.archive;
        out.push_str(
            "<section id=\"check\">\n<h2>Check it yourself, without sealift</h2>\n<p>These lines check the \
             digest, the seal and the trust material. They do not compare packages with the lockfile, and do \
             not judge evidence by the policy.</p>\n<p>Put the archive into an empty folder, as \
             <code>app.sealift</code>, and the public key of who sealed it, as <code>key.pub</code>. Get the \
             key from them, and not with the archive: ",
        );
        let keys: Vec<_> = archive.signers.iter().flat_map(|signer| signer.keys.clone()).collect();
        match keys.as_slice() {
            [] => out.push_str("this page knows no key that has sealed it"),
            keys => {
                out.push_str("its <code>$keyid</code> in the lines is ");
                codes(out, keys)?;
            }
        }
        out.push_str(
            ". Save each block of lines as a file, such as check.sh, and run <code>sh check.sh</code>.</p>\n",
        );
        Ok(())
    }
}

fn part(out: &mut String, title: &str, note: &str, lines: &str) -> fmt::Result {
    writeln!(out, "<h3>{title}</h3>\n<p>{note}.</p>\n<pre>{}</pre>", Lines(lines))
}

/// Command lines of our own.
struct Lines<'a>(&'a str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.lines() {
            writeln!(f, "{}", Text(line))?;
        }
        Ok(())
    }
}
