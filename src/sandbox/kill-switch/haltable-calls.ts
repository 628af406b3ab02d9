/** What a node does for skills outside their threads: each call begins only when the kill switch lets it, and is given up when it is thrown. */
import type { Json, Result, SkeinError } from '../../contracts/index.ts';
import type { HaltJudge, HaltSubject } from './standing-orders.ts';

interface InFlight {
  readonly subject: HaltSubject;
  readonly giveUp: (error: SkeinError) => void;
}

export class HaltableCalls {
  readonly #judge: HaltJudge;
  readonly #inFlight = new Set<InFlight>();

  constructor(judge: HaltJudge) {
    this.#judge = judge;
  }

  /** The result of `call`, or HALTED: then its signal is aborted. Rejects when it does. */
  async serve(
    { skill, tenant }: HaltSubject,
    call: (signal: AbortSignal) => Promise<Result<Json>>,
  ): Promise<Result<Json>> {
    const subject = {
      ...(skill === undefined ? {} : { skill }),
      ...(tenant === undefined ? {} : { tenant }),
    };
    const refusal = this.#judge(subject);
    if (refusal) return { ok: false, error: refusal };
    const abort = new AbortController();
    const halted = Promise.withResolvers<Result<Json>>();
    const giveUp = (error: SkeinError): void => {
      halted.resolve({ ok: false, error });
      abort.abort();
    };
    const inFlight = { subject, giveUp };
    this.#inFlight.add(inFlight);
    try {
      return await Promise.race([call(abort.signal), halted.promise]);
    } finally {
      this.#inFlight.delete(inFlight);
    }
  }

  /** Gives up what may not run any more. @returns how many calls that were */
  halt(): number {
    let count = 0;
    for (const { subject, giveUp } of this.#inFlight) {
      const error = this.#judge(subject);
      if (!error) continue;
      giveUp(error);
      count++;
    }
    return count;
  }
}
