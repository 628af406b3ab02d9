/** What a thread of a sweep runs: one seed a call. */
export { runSeed as default } from './sweep.ts';
