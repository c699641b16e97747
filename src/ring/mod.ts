// Rings: messages through shared memory.

export type { IterationOptions } from "./iteration.ts";
export { LatestValue } from "./latest_value/latest_value.ts";
export type {
  LatestValueContent,
  LatestValueCreateOptions,
  LatestValueDetails,
  LatestValueOfBytes,
  LatestValueOfType,
  LatestValueOpenOptions,
  LatestValueOverOptions,
  LatestValueSize,
  LatestValueUse,
  ValueType,
} from "./latest_value/options.ts";
export { LatestValueReader } from "./latest_value/reader.ts";
export type { ValueView } from "./latest_value/view.ts";
export { LatestValueWriter } from "./latest_value/writer.ts";
export type {
  SharedMapCreateOptions,
  SharedMapOpenOptions,
  SharedMapOverOptions,
  SharedMapSize,
  SharedMapUse,
  SharedMapWriteOptions,
} from "./map/options.ts";
export type { MapReading } from "./map/reading.ts";
export { SharedMap } from "./map/shared_map.ts";
export type { MapWriting } from "./map/writing.ts";
export { SpscConsumer } from "./spsc/consumer.ts";
export type { DrainHandler } from "./spsc/drain.ts";
export type {
  SpscRingCreateOptions,
  SpscRingOpenOptions,
  SpscRingOverOptions,
  SpscRingSize,
  SpscRingUse,
} from "./spsc/options.ts";
export { SpscProducer } from "./spsc/producer.ts";
export { SpscRing } from "./spsc/ring.ts";
export type { RingRoom } from "./spsc/room.ts";
export type { RingSide } from "./spsc/side.ts";
export type { RingTaking } from "./spsc/taking.ts";
