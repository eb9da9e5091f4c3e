//! ZIP files byte by byte: every field can be set, and nothing is checked.

/// The fields of a local header, or of one in the directory (which has all of them).
#[derive(Clone)]
pub struct Header {
    pub signature: [u8; 4],
    pub made_by: u16,
    pub needed: u16,
    pub flags: u16,
    pub method: u16,
    pub time: u16,
    pub date: u16,
    pub crc32: u32,
    pub stored: u32,
    pub size: u32,
    pub name: Vec<u8>,
    /// The length of the name, where it is not to be the right one.
    pub name_length: Option<u16>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub disk: u16,
    pub internal: u16,
    pub external: u32,
    /// In the directory, where it is not to be the right one.
    pub offset: Option<u32>,
}

/// An entry: header, bytes, and its header in the directory.
#[derive(Clone)]
pub struct Entry {
    /// Bytes before the local header.
    pub before: Vec<u8>,
    pub local: Header,
    pub data: Vec<u8>,
    /// Bytes after the data, such as a descriptor.
    pub after: Vec<u8>,
    pub central: Header,
}

/// The end record.
#[derive(Clone, Default)]
pub struct End {
    pub disk: u16,
    pub directory_disk: u16,
    pub entries_here: Option<u16>,
    pub entries: Option<u16>,
    pub directory_size: Option<u32>,
    pub directory: Option<u32>,
    pub comment: Vec<u8>,
    pub comment_length: Option<u16>,
}

/// The zip64 end record and its locator.
#[derive(Clone)]
pub struct End64 {
    pub signature: [u8; 4],
    pub record_size: u64,
    pub made_by: u16,
    pub needed: u16,
    pub disk: u32,
    pub directory_disk: u32,
    pub entries_here: Option<u64>,
    pub entries: Option<u64>,
    pub directory_size: Option<u64>,
    pub directory: Option<u64>,
    /// Bytes between the record and the locator.
    pub between: Vec<u8>,
    pub locator_disk: u32,
    pub locator_offset: Option<u64>,
    pub disks: u32,
}

/// A whole file.
#[derive(Clone, Default)]
pub struct Zip {
    pub entries: Vec<Entry>,
    pub before_directory: Vec<u8>,
    pub after_directory: Vec<u8>,
    pub end64: Option<End64>,
    pub end: End,
    pub after: Vec<u8>,
}

impl Default for End64 {
    fn default() -> Self {
        Self {
            signature: *b"PK\x06\x06",
            record_size: 44,
            made_by: 10,
            needed: 10,
            disk: 0,
            directory_disk: 0,
            entries_here: None,
            entries: None,
            directory_size: None,
            directory: None,
            between: Vec::new(),
            locator_disk: 0,
            locator_offset: None,
            disks: 1,
        }
    }
}

impl Entry {
    /// A stored entry in the one form.
    pub fn new(name: &str, data: &[u8]) -> Self {
        let header = Header {
            signature: *b"PK\x03\x04",
            made_by: 0x030a,
            needed: 10,
            flags: 0,
            method: 0,
            time: 0,
            date: 0x21,
            crc32: crc32fast::hash(data),
            stored: data.len() as u32,
            size: data.len() as u32,
            name: name.as_bytes().to_vec(),
            name_length: None,
            extra: Vec::new(),
            comment: Vec::new(),
            disk: 0,
            internal: 0,
            external: 0o100_644 << 16,
            offset: None,
        };
        let central = Header { signature: *b"PK\x01\x02", ..header.clone() };
        Self { before: Vec::new(), local: header, data: data.to_vec(), after: Vec::new(), central }
    }

    /// Sets something in both headers.
    pub fn both(&mut self, set: impl Fn(&mut Header)) {
        set(&mut self.local);
        set(&mut self.central);
    }
}

impl Header {
    fn common(&self, out: &mut Vec<u8>) {
        for value in [self.needed, self.flags, self.method, self.time, self.date] {
            out.extend(value.to_le_bytes());
        }
        for value in [self.crc32, self.stored, self.size] {
            out.extend(value.to_le_bytes());
        }
        out.extend(self.name_length.unwrap_or(self.name.len() as u16).to_le_bytes());
        out.extend((self.extra.len() as u16).to_le_bytes());
    }
}

impl Zip {
    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut offsets = Vec::new();
        for entry in &self.entries {
            out.extend(&entry.before);
            offsets.push(out.len() as u32);
            out.extend(entry.local.signature);
            entry.local.common(&mut out);
            out.extend(&entry.local.name);
            out.extend(&entry.local.extra);
            out.extend(&entry.data);
            out.extend(&entry.after);
        }
        out.extend(&self.before_directory);
        let directory = out.len();
        for (entry, offset) in self.entries.iter().zip(offsets) {
            let header = &entry.central;
            out.extend(header.signature);
            out.extend(header.made_by.to_le_bytes());
            header.common(&mut out);
            out.extend((header.comment.len() as u16).to_le_bytes());
            out.extend(header.disk.to_le_bytes());
            out.extend(header.internal.to_le_bytes());
            out.extend(header.external.to_le_bytes());
            out.extend(header.offset.unwrap_or(offset).to_le_bytes());
            out.extend(&header.name);
            out.extend(&header.extra);
            out.extend(&header.comment);
        }
        let directory_size = out.len() - directory;
        out.extend(&self.after_directory);
        self.ends(directory, directory_size, &mut out);
        out.extend(&self.after);
        out
    }

    fn ends(&self, directory: usize, directory_size: usize, out: &mut Vec<u8>) {
        let entries = self.entries.len();
        if let Some(end) = &self.end64 {
            let at = out.len() as u64;
            out.extend(end.signature);
            out.extend(end.record_size.to_le_bytes());
            out.extend(end.made_by.to_le_bytes());
            out.extend(end.needed.to_le_bytes());
            out.extend(end.disk.to_le_bytes());
            out.extend(end.directory_disk.to_le_bytes());
            out.extend(end.entries_here.unwrap_or(entries as u64).to_le_bytes());
            out.extend(end.entries.unwrap_or(entries as u64).to_le_bytes());
            out.extend(end.directory_size.unwrap_or(directory_size as u64).to_le_bytes());
            out.extend(end.directory.unwrap_or(directory as u64).to_le_bytes());
            out.extend(&end.between);
            out.extend(b"PK\x06\x07");
            out.extend(end.locator_disk.to_le_bytes());
            out.extend(end.locator_offset.unwrap_or(at).to_le_bytes());
            out.extend(end.disks.to_le_bytes());
        }
        let end = &self.end;
        out.extend(b"PK\x05\x06");
        out.extend(end.disk.to_le_bytes());
        out.extend(end.directory_disk.to_le_bytes());
        out.extend(end.entries_here.unwrap_or(entries as u16).to_le_bytes());
        out.extend(end.entries.unwrap_or(entries as u16).to_le_bytes());
        out.extend(end.directory_size.unwrap_or(directory_size as u32).to_le_bytes());
        out.extend(end.directory.unwrap_or(directory as u32).to_le_bytes());
        out.extend(end.comment_length.unwrap_or(end.comment.len() as u16).to_le_bytes());
        out.extend(&end.comment);
    }
}
