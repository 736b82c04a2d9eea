/** `process.env`: the variables of the call that reads them, by the rules of the real one. */

import { inspect } from 'node:util';
import { currentView, type Variables } from './call-context.js';

/** @param real what solod's own code reads */
export function environmentProxy(real: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const find = (): Variables => currentView()?.env ?? (real as Variables);
  // `util.inspect` looks past the traps, at the target.
  const target = Object.defineProperty({}, inspect.custom, {
    value: () => ({ ...find() }),
    configurable: true,
  });
  return new Proxy<NodeJS.ProcessEnv>(target, {
    get: (_, name) => read(find(), name),
    set: (_, name, value) => write(find(), name, value),
    has: (_, name) => Object.hasOwn(find(), name) || name in Object.prototype,
    deleteProperty: (_, name) => Reflect.deleteProperty(find(), name),
    ownKeys: () => Reflect.ownKeys(find()),
    getOwnPropertyDescriptor: (_, name) => {
      const env = find();
      if (typeof name === 'symbol' || !Object.hasOwn(env, name)) return undefined;
      return { value: env[name], writable: true, enumerable: true, configurable: true };
    },
    defineProperty: (_, name, { value, get, set, ...flags }) => {
      if (get !== undefined || set !== undefined)
        refuse('does not accept an accessor (getter/setter) descriptor');
      if (!(flags.configurable && flags.writable && flags.enumerable))
        refuse('only accepts a configurable, writable, and enumerable data descriptor');
      return write(find(), name, value);
    },
    preventExtensions: () => false,
  });
}

/** What is set becomes a copy, so that the name goes on meaning the call's variables. */
export function copyOf(env: Readonly<Record<string, unknown>>): Variables {
  const variables: Variables = Object.create(null);
  for (const [name, value] of Object.entries(env)) variables[name] = String(value);
  return variables;
}

function read(env: Variables, name: PropertyKey): unknown {
  if (typeof name === 'symbol') return undefined;
  return Object.hasOwn(env, name) ? env[name as string] : Reflect.get(Object.prototype, name);
}

function write(env: Variables, name: PropertyKey, value: unknown): boolean {
  if (typeof name === 'symbol' || typeof value === 'symbol')
    throw new TypeError('Cannot convert a Symbol value to a string');
  env[name as string] = String(value);
  return true;
}

function refuse(why: string): never {
  throw Object.assign(new TypeError(`'process.env' ${why}`), { code: 'ERR_INVALID_OBJECT_DEFINE_PROPERTY' });
}
