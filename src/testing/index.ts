/** The author's kit: what users of Skein test their own actors and skills with, on virtual time and from a seed. */
export { TestCluster, type TestClusterOptions, testCluster } from './cluster.ts';
export { ExpectationFailed } from './expectation.ts';
export { exploreSeeds, SeedFailed, type SeedRange, type SeedReport } from './explore-seeds.ts';
export type { FakeRequest, FakeResponse, SkillFakes } from './fake-effects.ts';
export type { FakeSecret, FakeServices } from './fake-services.ts';
export type { DelayRange, LinkFaults } from './fault-links.ts';
export { Probe, type ProbedMessage, type ProbeOptions, probe } from './probe.ts';
export { ReplayDiffered, replayTape } from './replay-tape.ts';
export type { SkillHandler } from './skill-host.ts';
export type { SkillRecording, SkillRun } from './skill-run.ts';
export {
  type ActorTest,
  type ActorTestOptions,
  type ActorTurn,
  type FiredTurn,
  testActor,
} from './test-actor.ts';
export type { TestNode } from './test-node.ts';
export { type SkillTest, testSkill, type WrittenGrants } from './test-skill.ts';
export { type TestSystem, type TestSystemOptions, testSystem } from './test-system.ts';
export { settled, type WaitOptions } from './waiting.ts';
