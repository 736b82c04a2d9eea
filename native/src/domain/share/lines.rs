//! Cuts a stream of bytes into lines, and holds no more of one than it may; see `line-splitter.ts`.

pub enum Line {
    Whole(Vec<u8>),
    /// Longer than the limit: its beginning, its end, and how long it was.
    TooLong {
        head: Vec<u8>,
        tail: Vec<u8>,
        bytes: usize,
    },
}

const TAIL_BYTES: usize = 1024;

pub struct Splitter {
    limit: usize,
    held: Vec<u8>,
    tail: Vec<u8>,
    bytes: usize,
}

impl Splitter {
    pub fn new(limit: usize) -> Splitter {
        Splitter { limit, held: Vec::new(), tail: Vec::new(), bytes: 0 }
    }

    pub fn take(&mut self, bytes: &[u8], give: &mut dyn FnMut(Line)) {
        let mut rest = bytes;
        while let Some(feed) = rest.iter().position(|byte| *byte == b'\n') {
            self.add(&rest[..feed]);
            give(self.finish());
            rest = &rest[feed + 1..];
        }
        self.add(rest);
    }

    fn add(&mut self, piece: &[u8]) {
        let kept = piece.len().min(self.limit.saturating_sub(self.bytes));
        self.bytes += piece.len();
        self.held.extend_from_slice(&piece[..kept]);
        self.tail.extend_from_slice(&piece[kept..]);
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
    }

    fn finish(&mut self) -> Line {
        let (head, rest, bytes) =
            (std::mem::take(&mut self.held), std::mem::take(&mut self.tail), self.bytes);
        self.bytes = 0;
        if bytes <= self.limit {
            return Line::Whole(head);
        }
        // Where little is left out, the end reaches into the beginning.
        let mut tail = [&head[head.len().saturating_sub(TAIL_BYTES)..], &rest].concat();
        tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
        Line::TooLong { head, tail, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_ends_of_what_is_too_long_however_it_is_cut() {
        let long: Vec<u8> = (0..3000_u32).map(|n| b'a' + (n % 26) as u8).collect();
        let text = [long.as_slice(), b"\nnext\n"].concat();
        for every in [1, 7, 1000, 4000] {
            let mut splitter = Splitter::new(10);
            let mut found = Vec::new();
            for part in text.chunks(every) {
                splitter.take(part, &mut |line| found.push(line));
            }
            match &found[..] {
                [Line::TooLong { head, tail, bytes }, Line::Whole(next)] => {
                    assert_eq!((head.as_slice(), tail.as_slice()), (&long[..10], &long[3000 - 1024..]));
                    assert_eq!((*bytes, next.as_slice()), (3000, b"next".as_slice()));
                }
                _ => panic!("{} lines", found.len()),
            }
        }
    }
}
