import net from 'node:net';

const clients: net.Socket[] = [];

/** Connects to a daemon that takes nothing on, until its backlog is full. */
export async function fillBacklog(socket: string): Promise<void> {
  for (;;) {
    const connected = await new Promise<boolean>((resolve) => {
      const client = net.connect(socket).once('connect', () => resolve(true));
      client.on('error', () => resolve(false));
      clients.push(client);
    });
    if (!connected) return;
  }
}

/** Hangs up; for the end of each test. */
export function emptyBacklogs(): void {
  for (const client of clients.splice(0)) client.destroy();
}
