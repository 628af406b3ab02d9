/** The author's kit: what users of Skein test their own actors and skills with, on virtual time and from a seed. */
export { TestCluster, type TestClusterOptions, testCluster } from './cluster.ts';
export { ExpectationFailed } from './expectation.ts';
export { exploreSeeds, SeedFailed, type SeedRange, type SeedReport } from './explore-seeds.ts';
export type { DelayRange, LinkFaults } from './fault-links.ts';
export { Probe, type ProbedMessage, type ProbeOptions, probe } from './probe.ts';
export type { TestNode } from './test-node.ts';
export { type TestSystem, type TestSystemOptions, testSystem } from './test-system.ts';
export { settled, type WaitOptions } from './waiting.ts';
