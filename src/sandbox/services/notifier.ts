/** The channels of a node, for capability `notify`: webhooks and the node's own log, each with a bound a minute. */
import {
  failure,
  type Json,
  type NotifyChannel,
  type Result,
  success,
  type TenantId,
} from '../../contracts/index.ts';
import { postJson, RateBound, type ServiceParts } from './endpoint.ts';

export interface Note {
  readonly channel: string;
  readonly subject: string;
  readonly text: string;
  readonly tenant: TenantId;
  readonly skill: string;
}

export interface Notify {
  /** Null once it was taken. Failures: SERVICE_UNKNOWN, SERVICE_BUSY and those of `postJson`. Never rejects. */
  readonly send: (note: Note, signal?: AbortSignal) => Promise<Result<Json>>;
}

export interface NotifierParts extends ServiceParts {
  readonly channels: Readonly<Record<string, NotifyChannel>>;
  readonly log: (note: Note) => void;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 64 * 1024;

export class Notifier implements Notify {
  readonly #parts: NotifierParts;
  readonly #bounds: ReadonlyMap<string, RateBound>;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.#bounds = new Map(
      Object.entries(parts.channels).map(([name, { perMinute }]) => [
        name,
        new RateBound(perMinute),
      ]),
    );
  }

  async send(note: Note, signal?: AbortSignal): Promise<Result<Json>> {
    const { channels, clock, log } = this.#parts;
    const service = `notify ${note.channel}`;
    const bound = this.#bounds.get(note.channel);
    const channel = bound && channels[note.channel];
    if (!channel) return failure('SERVICE_UNKNOWN', { service, section: 'notify' });
    const admitted = bound.admit(service, clock.monotonicMs());
    if (!admitted.ok) return admitted;
    if ('log' in channel) {
      log(note);
      return success(null);
    }
    const at = new Date(Math.floor(clock.wallMs())).toISOString();
    const posted = await postJson(
      service,
      channel,
      {
        body: JSON.stringify({ ...note, at }),
        ...{ timeoutMs: TIMEOUT_MS, maxBytes: ANSWER_BYTES, signal },
      },
      this.#parts,
    );
    return posted.ok ? success(null) : posted;
  }
}
