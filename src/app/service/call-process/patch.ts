/**
 * How functions of Node's are replaced: the new one looks like the one before, and a named import sees it
 * too.
 */

// biome-ignore lint/suspicious/noExplicitAny: functions of any shape are replaced
export type AnyFunction = (this: any, ...args: any[]) => any;
export type Replaceable = Record<string, unknown>;

/**
 * Replaces a function, which keeps its name, its length and its properties (`util.promisify.custom`, say).
 * Nothing is done where this release of Node has none of that name.
 */
export function replace(owner: object, name: string, make: (original: AnyFunction) => AnyFunction): void {
  const original = (owner as Replaceable)[name];
  if (typeof original !== 'function') return;
  const made = make(original as AnyFunction);
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key);
    if (key !== 'prototype' && property !== undefined) Object.defineProperty(made, key, property);
  }
  Object.defineProperty(owner, name, { value: made, writable: true, enumerable: true, configurable: true });
}

/**
 * Replaces a property by one that is read, and perhaps written, each time it is used. One that the runtime
 * has fixed (the title, on Deno) stays as it is.
 */
export function redefine(
  owner: object,
  name: string,
  get: () => unknown,
  set?: (value: never) => void,
): void {
  if (Object.getOwnPropertyDescriptor(owner, name)?.configurable === false) return;
  Object.defineProperty(owner, name, { get, set: set ?? (() => {}), enumerable: true, configurable: true });
}

/**
 * Stands for another object each time it is used: what a module keeps that was loaded outside every call. Its
 * functions are bound, because streams hold on to `this`.
 */
export function delegate<T extends object>(shape: object, find: () => T): T {
  const own = Object.create(null) as ProxyHandler<object>;
  own.get = (_, key) => {
    const target = find();
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value;
  };
  own.set = (_, key, value) => Reflect.set(find(), key, value);
  own.has = (_, key) => Reflect.has(find(), key);
  own.deleteProperty = (_, key) => Reflect.deleteProperty(find(), key);
  own.getPrototypeOf = () => Reflect.getPrototypeOf(find());
  own.ownKeys = () => Reflect.ownKeys(find());
  own.getOwnPropertyDescriptor = (target, key) => visible(target, key, find());
  own.defineProperty = (_, key, descriptor) =>
    Reflect.defineProperty(find(), key, { ...descriptor, configurable: true });
  return new Proxy(shape, own) as T;
}

/** A proxy may not report as fixed what its own target doesn't have. */
function visible(shape: object, key: PropertyKey, target: object): PropertyDescriptor | undefined {
  const found = Reflect.getOwnPropertyDescriptor(target, key);
  if (found === undefined || Object.hasOwn(shape, key)) return found;
  return { ...found, configurable: true };
}

/** `close` and `closeSync` leave these descriptors open, and say that they are closed. */
export function keepOpen(fs: object, isKept: (descriptor: unknown) => boolean): void {
  replace(
    fs,
    'closeSync',
    (original) => (descriptor: unknown) => (isKept(descriptor) ? undefined : original(descriptor)),
  );
  replace(fs, 'close', (original) => (descriptor: unknown, callback?: (error: null) => void) => {
    if (!isKept(descriptor))
      return callback === undefined ? original(descriptor) : original(descriptor, callback);
    if (callback !== undefined) process.nextTick(callback, null);
  });
}
