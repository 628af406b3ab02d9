/** What crosses the threads, the same for Skein and for its baselines. */

/** About 100 bytes as JSON. */
export interface Item {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly tags: readonly string[];
  readonly isNew: boolean;
}

export const item = (id: number): Item => ({
  id,
  name: 'a garden chair of oak',
  price: 129.5,
  tags: ['garden', 'oak', 'chair'],
  isNew: true,
});

/** Messages go out in batches; the next leaves when one has been counted, so two are on the way: 800 of a mailbox's 1,000. */
export const BATCH = 400;
export const BATCHES_ON_THE_WAY = 2;

/** Asks one after another in each of `lanes`, and checks every answer. */
export async function askInLanes(
  { n, lanes }: { readonly n: number; readonly lanes: number },
  ask: (value: number) => Promise<unknown>,
): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let asked = 0; asked < n / lanes; asked++) {
      const answer = await ask(asked);
      if (answer !== asked + 1) throw new Error(`asked ${asked}, answered ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Now, in microseconds, on the clock that all threads of a process share. */
export const nowUs = (): number => Number(process.hrtime.bigint()) / 1_000;

/** Calls `send` `n` times, about 1,000 times a second, never twice at once. */
export function pace(n: number, send: (sentUs: number) => void): void {
  let left = n;
  const timer = setInterval(() => {
    if (left-- > 0) send(nowUs());
    else clearInterval(timer);
  }, 1);
}

/** Time of each of `n` asks made one after another, in microseconds. */
export async function latenciesUs(
  n: number,
  ask: (value: number) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  for (let asked = 0; asked < n; asked++) {
    const startedMs = performance.now();
    const answer = await ask(asked);
    times.push((performance.now() - startedMs) * 1_000);
    if (answer !== asked + 1) throw new Error(`asked ${asked}, answered ${answer}`);
  }
  return times;
}
