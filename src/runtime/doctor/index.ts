/** The doctor: checks of what a node stands on, from the ground up. */
export { type CheckReport, LAYERS, type Layer, type Verdict } from './check.ts';
export { type Diagnosis, type DoctorOptions, examine } from './examine.ts';
