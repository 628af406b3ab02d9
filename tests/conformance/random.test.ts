import { realRandom, seededRandom } from '../../src/host/index.ts';
import { randomSuite } from './random-suite.ts';

randomSuite({ name: 'real', open: () => realRandom });
randomSuite({ name: 'seeded', open: () => seededRandom('conformance'), seeded: seededRandom });
