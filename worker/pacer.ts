export { Pacer } from '../shared/pacer.ts';
