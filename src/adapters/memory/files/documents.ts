import type { DocumentReading, Documents, Draft, PathReading } from '../../../ports/documents.js';
import type { ChangeReading } from '../../../ports/readings.js';
import { refusedRead } from '../../errno.js';
import { DOCUMENT_BYTES_MAX, textOf } from '../../node/files/documents.js';
import { change, failed } from '../../node/files/file-calls.js';
import type { MemoryDisk } from './disk.js';

/** A person's own files on a memory disk. */
export class MemoryDocuments implements Documents {
  constructor(
    private readonly disk: MemoryDisk,
    private readonly userId: number,
  ) {}

  resolve(path: string): PathReading {
    return read(() => {
      const found = this.disk.find(path, 'follow', 'realpath');
      return found.inode === undefined ? { kind: 'absent' } : { kind: 'path', path: found.path };
    });
  }

  read(path: string): DocumentReading {
    return read((): DocumentReading => {
      const bytes = this.disk.read(path);
      if (bytes.length > DOCUMENT_BYTES_MAX)
        return failed('EFBIG', `${bytes.length} bytes are more than ${DOCUMENT_BYTES_MAX}`);
      const text = textOf(bytes);
      if (text === undefined) return failed('EILSEQ', 'it is not UTF-8');
      const { mode, userId } = this.disk.get(path, 'keep', 'fstat');
      return { kind: 'document', document: { text, mode, userId, groupId: userId } };
    });
  }

  create(path: string, { text, mode, userId = this.userId }: Draft): ChangeReading {
    return change(() => void this.disk.create(path, { type: 'file', userId, mode }, 'open', text));
  }

  publish(from: string, to: string): ChangeReading {
    return change(() => {
      this.disk.link(from, to);
      this.disk.removeFile(from);
    });
  }

  replace(from: string, to: string): ChangeReading {
    return change(() => this.disk.rename(from, to));
  }
}

function read<R>(look: () => R): R | ReturnType<typeof refusedRead> {
  try {
    return look();
  } catch (error) {
    return refusedRead(error);
  }
}
