/** Which packages may be published beside those that are: the rules of versions, the same for every registry. */
import { compare } from 'semver';
import { type Failure, failure } from '../contracts/index.ts';

export interface PublishedVersion {
  readonly version: string;
  readonly contentHash: string;
}

export interface PublishOptions {
  /** Lets a version below the highest be published. Default: no. */
  readonly allowOlder?: boolean;
}

/**
 * A version names one content for ever, yanked or not. A new version is above all that there are: who publishes a lower one may be
 * bringing back what was mended since.
 */
export function judgePublication(
  skill: string,
  offered: PublishedVersion,
  published: readonly PublishedVersion[],
  { allowOlder = false }: PublishOptions,
): Failure<'VERSION_REFUSED'> | undefined {
  const { version, contentHash } = offered;
  const refuse = (reason: string) => failure('VERSION_REFUSED', { skill, version, reason });
  const same = published.find((each) => each.version === version);
  if (same) {
    if (same.contentHash === contentHash) return undefined;
    const [held, found] = [same.contentHash.slice(0, 12), contentHash.slice(0, 12)];
    return refuse(`it is held with content ${held}, and this is ${found}; it takes a new version`);
  }
  const [highest] = [...published].sort((a, b) => compare(b.version, a.version));
  if (!highest || allowOlder || compare(version, highest.version) > 0) return undefined;
  return refuse(`${highest.version} is published, and this is older`);
}
