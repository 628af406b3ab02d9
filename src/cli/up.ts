/** `skein up`: a node that stays, with its control endpoint; a line for each phase of its start. */
import { startControlServer } from '../api/index.ts';
import type { NodeOptions } from '../runtime/index.ts';
import { effectsOf } from './effects-options.ts';
import { startLocalNode } from './local-node.ts';
import { green, printJson, printLine, reportError } from './output.ts';
import { policyOf } from './policy/policy-option.ts';
import { sandboxOf } from './sandbox-options.ts';
import { factsOf, Timeline } from './timeline.ts';
import { trustOptions } from './trust-flags.ts';
import { upGroupCommand } from './up-group.ts';
import type { UpOptions } from './up-options.ts';

export async function upCommand(options: UpOptions): Promise<number> {
  if (options.nodes !== undefined || options.file !== undefined) return upGroupCommand(options);
  const policy = await policyOf(options.policy);
  if (!policy.ok) return reportError(policy.error, options.json);
  const effects = await effectsOf(options);
  if (!effects.ok) return reportError(effects.error, options.json);
  const membership = membershipOf(options);
  const timeline = new Timeline('up', options);
  const started = await startLocalNode({
    dataDir: options.data,
    endsByInterrupt: true,
    threads: options.threads,
    skillFolders: options.skills,
    recoverJournal: options.recoverJournal ?? false,
    ...policy.value,
    ...sandboxOf(options),
    ...trustOptions(options),
    ...effects.value,
    ...(membership === undefined ? {} : { cluster: membership }),
    ...(options.metricsPort === undefined ? {} : { metrics: { port: options.metricsPort } }),
    log: {
      level: options.log ?? 'info',
      format: options.json || process.stderr.isTTY !== true ? 'json' : 'plain',
    },
    onPhase: (phase) => {
      timeline.keep(phase.name);
      if (options.json) printJson({ phase });
      else printLine(`${green('up')} ${phase.name} (${Math.round(phase.elapsedMs)} ms)`);
    },
  });
  if (!started.ok) {
    // The data directory of another node is none of ours.
    if (started.error.code !== 'NODE_RUNNING')
      await timeline.report('failed', factsOf({ error: started.error }));
    return reportError(started.error, options.json);
  }
  const node = started.value;
  for (const note of node.recovered) process.stderr.write(`recovered: ${note}\n`);
  const control = await startControlServer(node, options.data);
  if (!control.ok) {
    await node.close();
    return reportError(control.error, options.json);
  }
  const { id, metricsUrl } = node;
  await timeline.report('done', factsOf({ node: id, pid: process.pid, metricsUrl }));
  if (options.json)
    printJson({
      ready: {
        node: node.id,
        pid: process.pid,
        dataDir: options.data,
        metricsUrl: node.metricsUrl ?? null,
      },
    });
  else {
    if (node.metricsUrl) printLine(`metrics at ${node.metricsUrl}`);
    printLine(`node ${node.id} is ready; data in ${options.data}. Ctrl-C ends it.`);
  }
  await node.ended;
  await control.value.close();
  await node.close();
  return 0;
}

/** A URL or an address without a name joins the cluster `default`. */
function membershipOf({
  cluster,
  nats,
  natsCreds,
  natsCa,
  directHost,
  trustedKey,
  controlLease,
}: UpOptions): NodeOptions['cluster'] {
  if (cluster === undefined && nats === undefined && directHost === undefined) return undefined;
  return {
    name: cluster ?? 'default',
    ...(nats === undefined ? {} : { natsUrl: nats }),
    ...(natsCreds === undefined ? {} : { natsCredsFile: natsCreds }),
    ...(natsCa === undefined ? {} : { natsCaFile: natsCa }),
    ...(directHost === undefined ? {} : { directHost }),
    ...(trustedKey === undefined ? {} : { trustedKeys: trustedKey }),
    ...(controlLease === undefined ? {} : { controlLeaseMs: controlLease }),
  };
}
