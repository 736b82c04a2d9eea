#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { call } from 'solod';

const { argv, stdin, stdout, stderr } = process;
const service = fileURLToPath(new URL('./service.js', import.meta.url));
const result = await call({ service, args: argv.slice(2), stdin, stdout, stderr, fallback: 'inline' });
switch (result.kind) {
  case 'exited':
    process.exitCode = result.code;
    break;
  case 'failed':
  case 'lost':
    stderr.write(`count: ${result.message} [${result.code}]\n`);
    process.exitCode = 1;
    break;
  case 'cancelled':
    process.exitCode = 130;
}
