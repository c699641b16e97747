// Memory without a name: made as a memfd, of huge pages where asked, reserved, mapped and sealed.

import { pageSize } from "../sys/advice.ts";
import { type Attempt, check } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { prefault } from "./advice.ts";
import { demandMemory } from "./available.ts";
import { type HugePagesRequest, hugePagesHint, hugeSizeFlag, sizeInPages, withHugePages } from "./huge_pages.ts";
import { MAKE_SEVERAL, Mapping } from "./mapping.ts";
import { reserve } from "./reservation.ts";

/** What a memfd shall be. */
export interface MemfdRequest {
  readonly size: number;
  readonly label: string;
  /** Whether its size shall never change. */
  readonly isSealed: boolean;
  readonly hugePages: HugePagesRequest | undefined;
}

/** A memfd and its mapping. */
export interface Memfd {
  readonly fd: number;
  readonly mapping: Mapping;
}

/** What pages are tried now: explicit ones of this size, or ordinary ones with or without advice. */
interface Pages {
  readonly hugePageSize?: number;
  readonly isAdvised: boolean;
}

/** Advice comes before the pages, so advised memory is reserved by a walk over its mapping, and so are huge pages. */
function map(fd: number, size: number, isAdvised: boolean, attempt: () => Attempt): Mapping {
  const isWalked = isAdvised || pageSize(fd) > pageSize(-1);
  if (isAdvised) demandMemory(size, attempt);
  if (isWalked) check(sys.ftruncate(fd, size), () => ({ ...attempt(), syscall: "ftruncate" }));
  else reserve({ fd, size, isNew: true }, attempt);
  const transparent = isAdvised ? "shmem_enabled" : undefined;
  const ifTooLarge = MAKE_SEVERAL;
  const mapping = new Mapping({ fd, offset: 0, length: size, readOnly: false, attempt, transparent, ifTooLarge });
  try {
    if (isWalked) prefault(mapping);
    return mapping;
  } catch (error) {
    mapping.close();
    throw error;
  }
}

function open(label: string, size: number, hugePageSize: number | undefined, attempt: () => Attempt): number {
  const kind = hugePageSize === undefined ? 0 : sys.MFD_HUGETLB | hugeSizeFlag(hugePageSize);
  const hint = () => (hugePageSize === undefined ? undefined : hugePagesHint(hugePageSize, size));
  const fd = sys.memfdCreate(label, sys.MFD_CLOEXEC | sys.MFD_ALLOW_SEALING | kind);
  return check(fd, () => ({ ...attempt(), hint: hint() }));
}

function make(request: MemfdRequest, { hugePageSize, isAdvised }: Pages, attempt: () => Attempt): Memfd {
  const size = sizeInPages(request.size, request.hugePages);
  const fd = open(request.label, size, hugePageSize, attempt);
  const seals = request.isSealed ? sys.F_SEAL_SHRINK | sys.F_SEAL_GROW | sys.F_SEAL_SEAL : 0;
  let mapping: Mapping | undefined;
  try {
    mapping = map(fd, size, isAdvised, attempt);
    check(sys.addSeals(fd, seals), attempt);
    return { fd, mapping };
  } catch (error) {
    mapping?.close();
    sys.close(fd);
    throw error;
  }
}

/** memfd_create(2), reserved, mapped and, if asked, sealed. */
export function createMemfd(request: MemfdRequest, attempt: () => Attempt): Memfd {
  return withHugePages(
    request.hugePages,
    (hugePageSize) => make(request, { hugePageSize, isAdvised: false }, attempt),
    ({ isAdvised }) => make(request, { isAdvised }, attempt),
  );
}
