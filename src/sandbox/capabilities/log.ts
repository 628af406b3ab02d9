/** Capability `log`: lines of a skill in the node's log. Written, never answered; what they say is made printable first. */
import { type CorrelationId, failure, type Json, type TenantId } from '../../contracts/index.ts';
import type { LogFrame } from '../host-frames.ts';
import { printable, printableJson } from '../printable.ts';
import type { Capability } from './capability.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: Json;
  /** Set by the node; a skill cannot speak for another. */
  readonly tenant: TenantId;
  readonly skill: string;
  readonly correlationId: CorrelationId;
  readonly attempt: number;
}

export type LogSink = (line: LogLine) => void;

/** Its lines come as frames of their own (`hosted-run.ts`), so there is no call to serve. */
export const log: Capability<'log'> = {
  name: 'log',
  calls: [],
  /** Asked for unless the manifest says no. */
  effective: (asked, granted) => asked !== false && granted === true,
  missing: ({ log }) => (log ? undefined : 'this node has no log for skills'),
  serve: async ({ name }) =>
    failure('HOST_CALL_INVALID', { capability: 'log', reason: `there is no ${name}` }),
  actionOf: () => ({ resource: { type: 'Log', id: 'node' }, attributes: {} }),
};

const MESSAGE_LENGTH_MAX = 8_000;
const FIELD_LENGTH_MAX = 2_000;

export function logLine(
  frame: LogFrame,
  origin: Pick<LogLine, 'tenant' | 'skill' | 'correlationId' | 'attempt'>,
): LogLine {
  const { level, message, fields } = frame;
  return {
    level,
    message: printable(message, MESSAGE_LENGTH_MAX),
    ...(fields === undefined ? {} : { fields: printableJson(fields, FIELD_LENGTH_MAX) }),
    ...origin,
  };
}
