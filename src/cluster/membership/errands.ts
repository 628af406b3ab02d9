/** What a member does for others: asks somebody whether it is there, and says soon that it has tried (Lifeguard's nack). Bounded. */
import type { NodeId } from '../../contracts/index.ts';

export interface Errand {
  /** Who was asked for the asker. */
  readonly target: NodeId;
  readonly asker: NodeId;
  /** By which the asker knows its question. */
  readonly askersSeq: number;
}

interface Running extends Errand {
  readonly nackAtMs: number;
  readonly endMs: number;
}

const ERRANDS_MAX = 256;

export class Errands {
  readonly #running = new Map<number, Running>();

  /** @returns false when there are too many */
  begin(
    seq: number,
    errand: Errand,
    times: { readonly nackAtMs: number; readonly endMs: number },
  ): boolean {
    if (this.#running.size >= ERRANDS_MAX) return false;
    this.#running.set(seq, { ...errand, ...times });
    return true;
  }

  /** The answer has come, which nobody but the target can give. */
  end(seq: number, from: NodeId): Errand | undefined {
    const errand = this.#running.get(seq);
    if (errand?.target !== from) return undefined;
    this.#running.delete(seq);
    return errand;
  }

  /** Forgets those whose time is over. @returns those whose asker has to be told now that there is no answer yet */
  due(nowMs: number): readonly Errand[] {
    const late: Errand[] = [];
    for (const [seq, errand] of this.#running) {
      if (nowMs >= errand.nackAtMs) {
        this.#running.set(seq, { ...errand, nackAtMs: Number.POSITIVE_INFINITY });
        late.push(errand);
      }
      if (nowMs >= errand.endMs) this.#running.delete(seq);
    }
    return late;
  }

  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { nackAtMs, endMs } of this.#running.values())
      next = Math.min(next, nackAtMs, endMs);
    return next;
  }
}
