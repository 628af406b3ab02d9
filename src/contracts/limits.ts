/**
 * Every bound of Skein, with its unit in the name, its default, and why it is what it is. Reaching one is a named outcome.
 */
const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** Messages an actor may have waiting. Deep enough for a burst, shallow enough that a stuck actor is seen soon. */
  mailboxCapacity: 1_000,
  /** Sends parked by the policy `block-sender`, over all senders of one mailbox; beyond that a send is refused. */
  blockedSends: 1_000,
  stashCapacity: 100,
  /** Dead letters kept for listing; the oldest fall out, the counter goes on. */
  deadLetters: 1_000,
  /** Messages one actor may run before the next has its turn. */
  turnMessages: 64,
  /** Time a drain may hold the event loop before it yields. */
  drainMs: 5,
  /** Restarts a supervisor remembers for its report. */
  failureReports: 50,
  actorNameLength: 64,
  pathDepth: 32,
  askTimeoutMs: 5_000,
  pendingAsks: 100_000,

  /** One frame between threads: envelopes of a turn, coalesced. */
  frameEnvelopes: 64,
  frameBytes: 64 * KIB,
  /** What may wait for a thread that does not keep up, beyond the ring itself; then messages to it are refused. */
  linkBacklogBytes: 4 * MIB,
  /** One message that crosses a thread. Larger data belongs in chunks. */
  messageBytes: 64 * MIB,

  /** One message to another node, and the frame that holds it. */
  peerMessageBytes: 1 * MIB + 4 * KIB,
  peerFrameBytes: 2 * MIB,
  /** Frames to other nodes are cut into packets: well below the payload that NATS takes by default, 1 MiB. */
  packetBytes: 256 * KIB,
  clusterNodes: 10_000,
  /** What may be on its way to a thread of another node without an acknowledgement. */
  peerWindowBytes: 4 * MIB,
  peerConnectMs: 5_000,
  /** A peer that was not heard for this long is gone. */
  peerSilentMs: 30_000,
  /** Sessions that others may open with one thread. */
  peerSessions: 10_000,
  /** Nodes and threads of which a thread remembers the key and the latest hellos; who was heard longest ago is forgotten. */
  peerKeys: 10_000,
  /** A hello holds two keys, two names and an offer of direct links: below 1 KiB. */
  helloBytes: 2 * KIB,
  /** Signatures that a thread checks, about 100 us each; at once; of one sender that has proved itself. */
  hellosPerSecond: 1_000,
  /** Together below 15 ms. Who is refused tries again, a little later each time. */
  hellosAtOnce: 100,
  hellosPerSecondOfOne: 50,
  /** Of what comes from other nodes: nesting, keys of one map, items of one list, bytes of one key. */
  foreignDepth: 32,
  foreignKeys: 1_000,
  foreignItems: 100_000,
  foreignKeyBytes: 256,

  /** A thread whose event loop stands still for this long is hung. */
  threadHangMs: 10_000,
  threadHeapMiB: 512,
  threadStartMs: 15_000,

  skillCpuMs: 250,
  skillWallMs: 1_000,
  skillMemoryMiB: 64,
  skillInputBytes: 1 * MIB,
  skillOutputBytes: 1 * MIB,
  skillOutputDepth: 64,
  skillOutputNodes: 100_000,
  skillLogBytes: 256 * KIB,
  skillHostCalls: 1_000,
  skillHostCallsInFlight: 64,
  /** Also the most at once: a bucket holds what one second gives. */
  skillHostCallsPerSecond: 1_000,
  hostCallArgumentBytes: 1 * MIB,
  hostCallResultBytes: 1 * MIB,
  /** Files of a run's workspace: one read, all together, how many with folders. */
  fileBytes: 10 * MIB,
  workspaceBytes: 64 * MIB,
  workspaceFiles: 1_000,
  /** Workspaces of a node at once, and how long one that nobody uses stays when the end of its run was not heard. */
  workspaces: 1_000,
  workspaceIdleMs: 3_600_000,
  filePathLength: 4_096,
  folderDepth: 64,
  /** Named secrets of a node. */
  secrets: 100,
  /** Calls of one channel or model in a minute, where its operator says nothing. */
  serviceCallsPerMinute: 60,
  noteSubjectLength: 200,
  noteTextLength: 10_000,
  /** Messages that skills of a node sent to actors without waiting. */
  actorTells: 1_000,
  /** Of one call for entropy. */
  randomBytes: 64 * KIB,
  /** The most that a manifest may ask for; an operator who needs more splits the work. */
  skillCpuMsMax: 60_000,
  skillWallMsMax: 300_000,
  skillMemoryMiBMax: 1_024,
  skillIoBytesMax: 32 * MIB,
  skillSourceBytes: 4 * MIB,
  manifestBytes: 256 * KIB,
  /** A package file: source and bill of materials as JSON in base64, so about 1.5 times both. */
  packageBytes: 12 * MIB,
  packageSignatures: 16,
  /** Keys of one operator's trusted-signers.yaml. */
  trustedSigners: 1_000,

  planBytes: 1 * MIB,
  planSteps: 1_000,
  /** Calls that one `forEach` step may fan out to. */
  fanOut: 10_000,
  /** Calls of one step in flight at once. */
  fanOutInFlight: 8,
  runWallMs: 600_000,
  retryAttempts: 10,
  verifyReplicas: 9,
  concurrentRuns: 64,
  /** What a node does at once for other nodes; beyond it offers are refused. */
  delegatedTasks: 64,
  /** Skills that a node tells others of. */
  delegatedSkills: 1_000,

  spansPerTrace: 5_000,
  traces: 200,
  kvValueBytes: 64 * KIB,
  kvKeyBytes: 512,
  kvKeysPerTenant: 10_000,
  /** Of the state that nodes share: a key becomes a subject of NATS, a value one message. */
  stateKeyLength: 256,
  stateValueBytes: 64 * KIB,
  /** One bucket on the server's disk; beyond it writes are refused. */
  stateBytes: 256 * MIB,
  stateTimeoutMs: 2_000,
  /** The published packages of one cluster, on the server's disk. */
  objectBytes: 1024 * MIB,
  /** Keys that a node owns at once: each renews its lease, 1,000 at the default terms are about 400 writes a second. */
  ownedKeys: 1_000,
  /** Keys that a node would own if others did not. */
  claimedKeys: 10_000,
  /** Kinds of virtual actors that a node knows; each is watched. */
  virtualKinds: 100,
  /** Messages that wait on a node for actors of one kind that are being activated. */
  virtualWaiting: 10_000,
  /** Reminders that one virtual actor has set: they live in its record. */
  virtualReminders: 16,
  /** A turn of a virtual actor that takes longer ends the activation: nothing else could run in it. */
  virtualTurnMs: 30_000,
  /** A virtual actor works off its mailbox for so long before it is handed over. */
  virtualDrainMs: 5_000,
  journalEventBytes: 1 * MIB,
  httpBodyBytes: 48 * MIB,

  /** Nodes under one group supervisor: each is a process of some 100 MiB. */
  groupNodes: 100,
  /** Labels of a node travel with every report that it is alive. */
  nodeLabels: 32,
  nodeLabelLength: 64,
  /** Runs that a group holds while none of its nodes is ready. */
  groupWaitingRuns: 1_000,
  /** Reports of operator commands that stay in a data directory. */
  operatorReports: 200,
} as const;
