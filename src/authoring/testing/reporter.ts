/** A reporter of `node --test` that gives each test as a line of JSON. https://nodejs.org/api/test.html#custom-reporters */
import { fileURLToPath } from 'node:url';
import { type CaseLine, GAVE } from './case-lines.ts';

/** The fields that are read here. The events carry more, and not all of them each. */
interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    readonly line?: number;
    readonly message?: string;
    readonly skip?: unknown;
    readonly details?: {
      readonly duration_ms?: number;
      readonly type?: string;
      readonly error?: Error & { readonly failureType?: string };
    };
  };
}

const MESSAGE_CHARACTERS = 4_000;

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let said = '';
  let printed = '';
  for await (const { type, data } of events) {
    if (type === 'test:stdout') yield line({ kind: 'printed', text: data.message ?? '' });
    else if (type === 'test:stderr')
      printed = (printed + (data.message ?? '')).slice(-MESSAGE_CHARACTERS);
    else if (type === 'test:diagnostic') {
      const { message = '' } = data;
      if (message.startsWith(GAVE)) said = message.slice(GAVE.length);
    } else if (type === 'test:pass' || type === 'test:fail') {
      if (data.details?.type === 'suite') continue;
      const found = caseOf(type === 'test:pass', data, printed);
      if (found) yield line(found);
      printed = '';
    }
    if (said !== '') {
      const [name = '', output = ''] = said.split('\n', 2);
      said = '';
      yield line({ kind: 'gave', name, output });
    }
  }
}

const line = (each: CaseLine): string => `${JSON.stringify(each)}\n`;

function caseOf(ok: boolean, data: TestEvent['data'], printed: string): CaseLine | undefined {
  const { name = '', file = null, details } = data;
  // A file without tests is one test of its own; it says nothing when it passes.
  const isFile = file !== null && (name === file || file.endsWith(`/${name}`));
  if (isFile && ok) return undefined;
  const error = details?.error;
  const cause = error?.cause instanceof Error ? error.cause : error;
  const place = ok ? undefined : placeIn(cause?.stack ?? '', file);
  const message = isFile && printed !== '' ? printed : (cause?.message ?? 'it failed');
  return {
    kind: 'case',
    name,
    ok,
    isSkipped: data.skip !== undefined,
    durationMs: Math.round(details?.duration_ms ?? 0),
    file,
    line: place ?? data.line ?? null,
    message: ok ? null : message.trim().slice(0, MESSAGE_CHARACTERS),
  };
}

/** The line of the test's own file at which the error came about. */
function placeIn(stack: string, file: string | null): number | undefined {
  for (const [, path = '', at] of stack.matchAll(/\(?((?:file:\/\/)?\/[^\s():]+):(\d+):\d+\)?/g)) {
    const found = path.startsWith('file:') ? fileURLToPath(path) : path;
    if (found === file) return Number(at);
  }
  return undefined;
}
