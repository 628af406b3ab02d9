/** Property tests draw the same cases in every run; a test that wants others says its own seed. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20_260_101 });
