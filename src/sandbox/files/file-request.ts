/** A call of `ctx.fs`, checked: what is asked of a workspace. Plain data: it crosses threads. */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Json } from '../../contracts/index.ts';

const closed = { additionalProperties: false } as const;
const encoding = Type.Union([Type.Literal('utf8'), Type.Literal('base64')]);
const OptionsSchema = Type.Object({ encoding: Type.Optional(encoding) }, closed);
const options = Compile(OptionsSchema);

export type FileEncoding = Static<typeof encoding>;

export type FileRequest = { readonly path: string } & (
  | { readonly op: 'read'; readonly encoding: FileEncoding }
  | { readonly op: 'write'; readonly data: string; readonly encoding: FileEncoding }
  | { readonly op: 'rename'; readonly to: string }
  | { readonly op: 'list' | 'stat' | 'remove' | 'mkdir' }
);

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @returns what is wrong with the arguments, as a text */
export function readFileRequest(op: string, args: readonly Json[]): FileRequest | string {
  const [path, ...rest] = args;
  if (typeof path !== 'string') return 'a path is a text';
  switch (op) {
    case 'read': {
      const encoding = encodingOf(rest[0]);
      return encoding ? { op, path, encoding } : EXPECTED;
    }
    case 'write': {
      const [data, given] = rest;
      const encoding = encodingOf(given);
      if (typeof data !== 'string') return 'data is a text';
      if (!encoding) return EXPECTED;
      if (encoding === 'base64' && !BASE64.test(data)) return 'data is no base64';
      return { op, path, data, encoding };
    }
    case 'rename': {
      const [to] = rest;
      return typeof to === 'string' ? { op, path, to } : 'a path is a text';
    }
    case 'list':
    case 'stat':
    case 'remove':
    case 'mkdir':
      return { op, path };
    default:
      return `there is no fs.${op}`;
  }
}

const EXPECTED = 'options are { encoding?: "utf8" | "base64" }';

const encodingOf = (given: Json | undefined): FileEncoding | undefined => {
  const checked = given ?? {};
  return options.Check(checked) ? (checked.encoding ?? 'utf8') : undefined;
};
