import { describe, expect, it } from 'vitest';
import { skillTypes, typesOfSchema } from '../../../src/authoring/index.ts';
import { manifestOf } from '../../support/packages.ts';

const typeOf = (schema: unknown): string =>
  typesOfSchema(schema, 'Input').type.replace(/\s+/g, ' ');

describe('the type of a schema', () => {
  it.each<readonly [unknown, string]>([
    [true, 'unknown'],
    [false, 'never'],
    [{}, 'unknown'],
    [{ type: 'string', minLength: 1 }, 'string'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ const: 'a' }, '"a"'],
    [{ enum: ['a', 1, null] }, '"a" | 1 | null'],
    [{ type: 'string', enum: ['a', 'b'] }, '"a" | "b"'],
    [{ type: 'array', items: { type: 'number' } }, 'number[]'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
    [{ type: 'array' }, 'unknown[]'],
    [{ prefixItems: [{ type: 'string' }], items: false }, '[string?]'],
    [{ prefixItems: [{ type: 'string' }], items: { type: 'number' } }, '[string?, ...number[]]'],
    [{ type: 'object' }, '{ [name: string]: unknown; }'],
    [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [name: string]: number; }'],
    [
      { type: 'object', properties: { a: { type: 'string' }, 'b c': true }, required: ['a'] },
      '{ a: string; "b c"?: unknown; }',
    ],
    [
      { properties: { a: { type: 'string' } }, additionalProperties: true },
      '{ a?: string; [name: string]: unknown; }',
    ],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 'string | number'],
    [{ oneOf: [{ type: 'string' }, true] }, 'unknown'],
    [
      { allOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { const: 1 } } }] },
      '{ a?: string; } & { b?: 1; }',
    ],
    [{ not: { type: 'string' } }, 'unknown'],
    [{ $ref: 'https://example.com/other.json' }, 'unknown'],
    [{ type: 'nonsense' }, 'unknown'],
  ])('%j is %s', (schema, type) => {
    expect(typeOf(schema)).toBe(type);
  });

  it('may hold itself, by a name', () => {
    const tree = {
      type: 'object',
      properties: { kids: { type: 'array', items: { $ref: '#/$defs/tree' } } },
    };
    const { type, declarations } = typesOfSchema(
      { $ref: '#/$defs/tree', $defs: { tree } },
      'Input',
    );
    expect(type).toBe('InputTree');
    expect(declarations.join().replace(/\s+/g, ' ')).toBe(
      'export type InputTree = { kids?: InputTree[]; };',
    );
  });

  it('shows descriptions, which cannot end the comment that they are in', () => {
    const { type } = typesOfSchema(
      { properties: { a: { type: 'string', description: 'x */ evil' } } },
      'Input',
    );
    expect(type).toContain('/** x *\\/ evil */');
  });

  it('ends for a schema that is nested without end', () => {
    const schema: Record<string, unknown> = { type: 'array' };
    schema.items = schema;
    expect(typeOf(schema)).toContain('unknown[]');
  });
});

describe('the types of a skill', () => {
  const contextOf = (capabilities: object): string =>
    /Context = ContextOf<(.*)>/.exec(
      skillTypes({ ...manifestOf('a', '1.0.0'), capabilities }),
    )?.[1] ?? '';

  it('have the capabilities that the manifest asks for, and log lines unless it says no', () => {
    expect(contextOf({})).toBe("'log'");
    expect(contextOf({ http: { hosts: ['a'] }, kv: true })).toBe("'http' | 'kv' | 'log'");
    expect(contextOf({ kv: false, log: false })).toBe('never');
  });
});
