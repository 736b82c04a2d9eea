// A process that has loaded a service, and runs it when it is released.
import { createRequire } from 'node:module';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const [service = '', ...args] = process.argv.slice(2);
const { default: run } = await import(pathToFileURL(service).href);
createRequire(import.meta.url)('./wait-for-release.cjs');
await run({ args, stdout: process.stdout });
