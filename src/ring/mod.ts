// Rings: messages through shared memory.
export { SpscConsumer } from "./spsc_consumer.ts";
export { SpscProducer } from "./spsc_producer.ts";
export {
  SpscRing,
  type SpscRingCreateOptions,
  type SpscRingOpenOptions,
  type SpscRingOverOptions,
  type SpscRingSize,
  type SpscRingUse,
} from "./spsc_ring.ts";
