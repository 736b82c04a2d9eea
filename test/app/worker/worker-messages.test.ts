import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  encodeFrame,
  FrameReader,
  TO_WORKER,
  type ToWorker,
} from '../../../src/app/worker/worker-messages.js';

const kind = fc.constantFrom<ToWorker>(...Object.values(TO_WORKER));
const frames = fc.array(fc.record({ kind, bytes: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 8 });

it('frames come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 200 })), (sent, sizes) => {
      let rest = Buffer.concat(sent.map(({ kind, bytes }) => encodeFrame(kind, bytes)));
      const reader = new FrameReader<ToWorker>();
      const got = [...sizes, rest.length].flatMap((size) => {
        const piece = rest.subarray(0, size);
        rest = rest.subarray(size);
        return reader.read(piece);
      });
      expect(got.map(({ kind, bytes }) => ({ kind, bytes: [...bytes] }))).toEqual(
        sent.map(({ kind, bytes }) => ({ kind, bytes: [...bytes] })),
      );
    }),
  );
});
