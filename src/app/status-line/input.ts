/**
 * The input of a status line, checked here and nowhere else. All keys are optional, and unknown keys are
 * ignored.
 */

import * as z from 'zod/mini';

/** The parts of the input that a line shows. */
export interface Session {
  readonly directory?: string | undefined;
  readonly model?: string | undefined;
  readonly costUsd?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly linesAdded?: number | undefined;
  readonly linesRemoved?: number | undefined;
  readonly contextPercent?: number | undefined;
  readonly style?: string | undefined;
}

export type InputReading =
  | {
      readonly kind: 'session';
      readonly session: Session;
      /** Keys whose value has the wrong type. They are missing from the session. */
      readonly wrong: readonly string[];
    }
  | { readonly kind: 'no-object' };

const text = z.nullish(z.string());
const amount = z.nullish(z.number().check(z.gte(0)));
/** Node throws at a path with a NUL byte. */
const directory = z.nullish(z.string().check(z.regex(/^[^\0]+$/)));

/** A bare value stands for the most important key. */
const orBare = <T extends z.core.$ZodType>(type: 'string' | 'number', key: string, schema: T) =>
  z.pipe(
    z.transform((value: unknown) => (typeof value === type ? { [key]: value } : value)),
    schema,
  );

const INPUT = z.object({
  cwd: directory,
  workspace: z.nullish(z.object({ current_dir: directory })),
  model: orBare('string', 'display_name', z.nullish(z.object({ display_name: text, id: text }))),
  cost: orBare(
    'number',
    'total_cost_usd',
    z.nullish(
      z.object({
        total_cost_usd: amount,
        total_duration_ms: amount,
        total_lines_added: amount,
        total_lines_removed: amount,
      }),
    ),
  ),
  context_window: z.nullish(z.object({ used_percentage: amount })),
  output_style: orBare('string', 'name', z.nullish(z.object({ name: text }))),
});

/** @param json the text that was read; it may be empty */
export function readSession(json: string): InputReading {
  const trimmed = json.trim();
  if (trimmed === '') return { kind: 'session', session: {}, wrong: [] };
  const value = parseObject(trimmed);
  if (value === undefined) return { kind: 'no-object' };
  const first = INPUT.safeParse(value);
  if (first.success) return { kind: 'session', session: sessionOf(first.data), wrong: [] };
  const paths = first.error.issues.map(({ path }) => path.map(String));
  const second = INPUT.safeParse(paths.reduce(without, value));
  return {
    kind: 'session',
    session: second.success ? sessionOf(second.data) : {},
    wrong: [...new Set(paths.map((path) => path.join('.')))],
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(json: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy without the value at the path. */
function without(value: JsonObject, [key, ...rest]: readonly string[]): JsonObject {
  if (key === undefined) return value;
  const { [key]: found, ...others } = value;
  return rest.length > 0 && isObject(found) ? { ...others, [key]: without(found, rest) } : others;
}

function sessionOf(input: z.infer<typeof INPUT>): Session {
  const { cost } = input;
  return {
    directory: input.cwd ?? input.workspace?.current_dir ?? undefined,
    model: input.model?.display_name ?? input.model?.id ?? undefined,
    costUsd: cost?.total_cost_usd ?? undefined,
    durationMs: cost?.total_duration_ms ?? undefined,
    linesAdded: cost?.total_lines_added ?? undefined,
    linesRemoved: cost?.total_lines_removed ?? undefined,
    contextPercent: input.context_window?.used_percentage ?? undefined,
    style: input.output_style?.name ?? undefined,
  };
}
