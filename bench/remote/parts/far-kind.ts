/** Who stands on the far side, and how to start it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

export type FarKind = 'Skein' | 'Skein direct' | 'raw NATS' | 'Moleculer';

export const isDirect = (kind: FarKind): boolean => kind === 'Skein direct';

/** @returns the URL of the nats-server that it has started, once it is ready. */
export async function startFar(kind: FarKind): Promise<string> {
  const far = fork(new URL('./far.ts', import.meta.url), [kind], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const [url] = (await Promise.race([once(far, 'message'), once(far, 'exit')])) as [unknown];
  if (typeof url !== 'string') throw new Error(`the far side ended with exit code ${url}`);
  return url;
}
