// Rings: messages through shared memory.
export { LatestValue } from "./latest_value.ts";
export type {
  LatestValueContent,
  LatestValueCreateOptions,
  LatestValueOpenOptions,
  LatestValueOverOptions,
  LatestValueSize,
  LatestValueUse,
  ValueType,
} from "./latest_value_options.ts";
export { LatestValueReader } from "./latest_value_reader.ts";
export { LatestValueWriter } from "./latest_value_writer.ts";
export type {
  SharedMapCreateOptions,
  SharedMapOpenOptions,
  SharedMapOverOptions,
  SharedMapSize,
  SharedMapUse,
  SharedMapWriteOptions,
} from "./map/options.ts";
export { SharedMap } from "./map/shared_map.ts";
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
