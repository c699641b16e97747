/* Dropping pages that are locked.
 *
 * The kernel refuses MADV_DONTNEED where a page is locked (EINVAL). V8, which drops code and pages of its heap so, takes
 * that for the end of the world and aborts: at some collection, or at the latest as the process ends. So before all that a
 * process has is locked, the entry of madvise(2) in the table of each loaded object leads here (elf(5), DT_JMPREL and
 * DT_RELA), and what was refused is asked for as MADV_DONTNEED_LOCKED: the page goes, and is locked again when it comes
 * back. The entries stay so; where nothing is locked, nothing is refused. */
#include "internal.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DONTNEED_LOCKED 24 /* Linux 5.18 */
#define ON_FAULT 1u

#ifdef __x86_64__
#define IS_FUNCTION_ENTRY(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#else
#define IS_FUNCTION_ENTRY(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#endif

static shim_lock entries_lock;
static int32_t entries; /* that lead here */

static int drop(void *address, size_t length, int advice) {
  int result = madvise(address, length, advice);
  if (result == 0 || errno != EINVAL || advice != MADV_DONTNEED) return result;
  if (madvise(address, length, DONTNEED_LOCKED) == 0) return 0;
  bool is_known = madvise(NULL, 0, DONTNEED_LOCKED) == 0;
  errno = EINVAL;
  if (is_known) return -1; /* refused for another reason */
  if (munlock(address, length) < 0 || madvise(address, length, MADV_DONTNEED) < 0) return -1;
  syscall(SYS_mlock2, address, length, ON_FAULT);
  return 0;
}

/* -- one loaded object --------------------------------------------------------------------------------------- */

struct object {
  ElfW(Addr) base;
  ElfW(Addr) sealed, sealed_end; /* made read-only by the loader, behind the relocations */
  const ElfW(Sym) *symbols;
  const char *names;
  const ElfW(Rela) *tables[2];
  size_t counts[2];
};

static bool holds(const struct dl_phdr_info *info, uintptr_t address) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type == PT_LOAD && address - info->dlpi_addr - part->p_vaddr < part->p_memsz) return true;
  }
  return false;
}

/* glibc has added the base to these addresses, musl has not. */
static const void *at(const struct dl_phdr_info *info, ElfW(Addr) address) {
  return (const void *)(holds(info, address) ? address : info->dlpi_addr + address);
}

static void read_dynamic(struct object *object, const struct dl_phdr_info *info, const ElfW(Dyn) *entry) {
  for (; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_SYMTAB) object->symbols = at(info, entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB) object->names = at(info, entry->d_un.d_ptr);
    if (entry->d_tag == DT_JMPREL) object->tables[0] = at(info, entry->d_un.d_ptr);
    if (entry->d_tag == DT_PLTRELSZ) object->counts[0] = entry->d_un.d_val / sizeof(ElfW(Rela));
    if (entry->d_tag == DT_RELA) object->tables[1] = at(info, entry->d_un.d_ptr);
    if (entry->d_tag == DT_RELASZ) object->counts[1] = entry->d_un.d_val / sizeof(ElfW(Rela));
  }
}

static struct object describe(const struct dl_phdr_info *info) {
  const ElfW(Addr) page = getauxval(AT_PAGESZ);
  struct object object = {.base = info->dlpi_addr};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    ElfW(Addr) start = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_DYNAMIC) read_dynamic(&object, info, (const ElfW(Dyn) *)start);
    if (part->p_type != PT_GNU_RELRO) continue;
    object.sealed = start & ~(page - 1); /* the loaders round both down */
    object.sealed_end = (start + part->p_memsz) & ~(page - 1);
  }
  return object;
}

static bool is_madvise(const struct object *object, const ElfW(Rela) *entry) {
  const ElfW(Sym) *symbol = &object->symbols[ELF64_R_SYM(entry->r_info)];
  return IS_FUNCTION_ENTRY(ELF64_R_TYPE(entry->r_info)) && strcmp(object->names + symbol->st_name, "madvise") == 0;
}

static void lead_here(const struct object *object, const ElfW(Rela) *entry) {
  _Atomic uintptr_t *slot = (_Atomic uintptr_t *)(object->base + entry->r_offset);
  const uintptr_t page = getauxval(AT_PAGESZ), start = (uintptr_t)slot & ~(page - 1);
  bool is_sealed = (uintptr_t)slot >= object->sealed && (uintptr_t)slot < object->sealed_end;
  if (is_sealed && mprotect((void *)start, page, PROT_READ | PROT_WRITE) < 0) return;
  atomic_store(slot, (uintptr_t)drop);
  if (is_sealed) mprotect((void *)start, page, PROT_READ);
  entries++;
}

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size, (void)data;
  if (holds(info, (uintptr_t)drop)) return 0; /* ourselves */
  struct object object = describe(info);
  if (!object.symbols || !object.names) return 0;
  for (int table = 0; table < 2; table++)
    for (size_t i = 0; object.tables[table] && i < object.counts[table]; i++)
      if (is_madvise(&object, &object.tables[table][i])) lead_here(&object, &object.tables[table][i]);
  return 0;
}

/* mlockall(2). `reaching`: where nobody's madvise(2) can be led here (a static program), refuses: -ENOTSUP. */
LIPC_EXPORT int32_t lipc_mlockall(double flags, double reaching) {
  shim_lock_take(&entries_lock);
  if (entries == 0) dl_iterate_phdr(visit, NULL);
  int32_t found = entries;
  shim_lock_release(&entries_lock);
  if (reaching != 0 && found == 0) return -ENOTSUP;
  return checked(mlockall((int)flags));
}
