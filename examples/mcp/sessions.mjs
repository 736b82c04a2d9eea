// Two sessions with one shared server: node sessions.mjs <command of the server>
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Opens a session, and asks for the tools. */
async function openSession(number) {
  const child = spawn('solod', ['share', '--', ...process.argv.slice(2)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  async function ask(id, method, params = {}) {
    send({ id, method, params });
    for (;;) {
      const { value, done } = await answers.next();
      if (done) throw new Error(`session ${number} has ended`);
      const message = JSON.parse(value);
      if (message.id === id) return message.result;
    }
  }
  const clientInfo = { name: `session ${number}`, version: '1' };
  await ask(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  send({ method: 'notifications/initialized' });
  const { tools } = await ask(2, 'tools/list');
  process.stdout.write(`session ${number}: ${tools.length} tools\n`);
  return child;
}

const sessions = [await openSession(1), await openSession(2)];
const shared = JSON.parse(execFileSync('solod', ['share', 'ls', '--json'], { encoding: 'utf8' }));
const processes = shared.flatMap((server) => server.processes);
process.stdout.write(`processes of the server: ${processes.length}\n`);
for (const session of sessions) session.stdin.end();
