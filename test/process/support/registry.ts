/** A registry of npm's kind for a few packages on the disk. It listens on the loopback address only. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

interface Packed {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly integrity: string;
  readonly shasum: string;
  /** The manifest that installers go by. */
  readonly manifest: object;
}

export interface Registry {
  readonly url: string;
  close(): void;
}

/** Some installers take no release that is younger than a day or a week. */
const PUBLISHED = '2020-01-01T00:00:00.000Z';

/**
 * Packs as npm does for a release.
 * @param folders of the packages
 * @param into an existing folder for the tarballs
 */
async function pack(folders: readonly string[], into: string): Promise<Packed[]> {
  const options = ['--ignore-scripts', '--json', '--pack-destination', into];
  const { stdout } = await promisify(execFile)('npm', ['pack', ...options, ...folders]);
  const packed = JSON.parse(stdout) as Omit<Packed, 'manifest'>[];
  return packed.map((each, n) => ({
    ...each,
    manifest: JSON.parse(readFileSync(path.join(folders[n] ?? '', 'package.json'), 'utf8')),
  }));
}

function packumentOf({ name, version, filename, integrity, shasum, manifest }: Packed, url: string): string {
  const dist = { integrity, shasum, tarball: `${url}/-/${filename}` };
  return JSON.stringify({
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time: { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED },
  });
}

/**
 * @param folders of the packages that it serves; it knows no others
 * @param into an existing folder for their tarballs
 */
export async function serveRegistry(folders: readonly string[], into: string): Promise<Registry> {
  const packages = await pack(folders, into);
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const asked = decodeURIComponent(request.url ?? '').slice(1);
    const tarball = packages.find(({ filename }) => asked === `-/${filename}`);
    const found = packages.find(({ name }) => asked === name);
    if (tarball !== undefined) response.end(readFileSync(path.join(into, tarball.filename)));
    else if (found !== undefined)
      response.setHeader('content-type', 'application/json').end(packumentOf(found, url));
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
