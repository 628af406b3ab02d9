/** The author's kit: what users of Skein test their own actors and skills with, on virtual time and from a seed. */
export { ExpectationFailed } from './expectation.ts';
export { Probe, type ProbedMessage, type ProbeOptions, probe } from './probe.ts';
export { type TestSystem, type TestSystemOptions, testSystem } from './test-system.ts';
export { settled, type WaitOptions } from './waiting.ts';
