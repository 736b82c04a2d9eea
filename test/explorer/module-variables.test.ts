/**
 * What the compiler does not see of the rules for procedures (docs/procedures.md): a domain keeps nothing in
 * the variables of a module. The search would take two states for one that differ in such a variable alone.
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const domain = path.resolve(import.meta.dirname, '../../src/domain');

/** Lines at the left margin that make something that can change: nothing else outlives a call. */
function changeableIn(source: string): readonly string[] {
  return source
    .split('\n')
    .filter((line) =>
      /^(?:export )?(?:let|var) |^(?:export )?const (?!\w+: Readonly).*= new (?:Map|Set|WeakMap|WeakSet|Array)\b|^(?:export )?const \w+(?:: \w+\[\])? = \[\];|^(?:export )?const \w+(?:: [^=]*)? = \{\};/.test(
        line,
      ),
    );
}

describe('a module of the domain', () => {
  it('has no variable', () => {
    const files = (readdirSync(domain, { recursive: true }) as string[]).filter((name) =>
      name.endsWith('.ts'),
    );
    expect(files.length).toBeGreaterThan(30);
    const found = files.flatMap((file) =>
      changeableIn(readFileSync(path.join(domain, file), 'utf8')).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    'let tries = 0;',
    'export let tries = 0;',
    'var tries = 0;',
    'const seen = new Map<string, number>();',
    'const seen = new Set();',
    'const seen: string[] = [];',
    'const seen: Record<string, number> = {};',
  ])('is caught with one: %s', (line) => {
    expect(changeableIn(`import x;\n${line}\nfunction* f() {\n  let inner = 0;\n}`)).toEqual([line]);
  });
});
