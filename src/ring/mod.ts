// Rings: messages through shared memory.
export type {
  SpscRingCreateOptions,
  SpscRingOpenOptions,
  SpscRingOverOptions,
  SpscRingSize,
  SpscRingUse,
} from "./options.ts";
export { SpscConsumer } from "./spsc_consumer.ts";
export { SpscProducer } from "./spsc_producer.ts";
export { SpscRing } from "./spsc_ring.ts";
