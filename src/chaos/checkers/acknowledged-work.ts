/** What was acknowledged is there for every owner that comes later, nothing in between is lost, and no request is carried out twice. */
import type { Checker, Report } from '../checker.ts';

export function acknowledgedWorkChecker(report: Report): Checker {
  const counts = new Map<string, number>();
  const done = new Set<string>();
  return {
    name: 'acknowledged work',
    hear: (fact) => {
      switch (fact.kind) {
        case 'resource read': {
          const { copy, key, count } = fact;
          const wanted = counts.get(key) ?? 0;
          if (count !== wanted)
            report('acknowledged work', `${copy} finds ${count} for ${key}, not ${wanted}`);
          return;
        }
        case 'write admitted': {
          const { copy, key, count, request } = fact;
          const before = counts.get(key) ?? 0;
          counts.set(key, count);
          if (count !== before + 1)
            report('acknowledged work', `${copy} writes ${count} over ${before} of ${key}`);
          if (request === '') return;
          if (done.has(request)) report('effects', `${request} was done twice`);
          return void done.add(request);
        }
        case 'acknowledged':
          if (!done.has(fact.request))
            report('acknowledged work', `${fact.request} was said to be done, and is not`);
      }
    },
    finish: () => undefined,
  };
}
