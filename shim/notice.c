/* Notices: what the shim's threads have to tell an environment, in the order in which it happened.
 *
 * A notice belongs to whatever is waited for: a watched word, an awaited futex, a descriptor, a file lock. It stands at
 * most once in its environment's ring of pending notices; the first one that arrives there rings the event loop. */
#include "internal.h"

void notice_list_init(struct notice *head) { head->next = head->previous = head; }

static void unlink_notice(struct notice *notice) {
  notice->previous->next = notice->next;
  notice->next->previous = notice->previous;
  notice->is_pending = false;
}

/* Tells, from any thread; nothing happens while it is still untold. */
void notice_post(struct notice *notice) {
  struct environment *environment = notice->environment;
  environment_lock(environment);
  bool fresh = !notice->is_pending;
  if (fresh) {
    struct notice *head = environment_notices(environment);
    notice->is_pending = true;
    notice->next = head;
    notice->previous = head->previous;
    head->previous->next = notice;
    head->previous = notice;
  }
  environment_unlock(environment);
  if (fresh) environment_signal(environment);
}

/* Takes it back, before what it belongs to is freed. */
void notice_drop(struct notice *notice) {
  environment_lock(notice->environment);
  if (notice->is_pending) unlink_notice(notice);
  environment_unlock(notice->environment);
}

/* The id of a watch, wait or job that has something to tell, with bit 30 set when there is more; or -EAGAIN. */
LIPC_EXPORT int32_t lipc_watch_take(double handle) {
  struct environment *environment = POINTER(handle);
  environment_lock(environment);
  struct notice *head = environment_notices(environment);
  struct notice *notice = head->next;
  int32_t id = notice == head ? -EAGAIN : notice->id;
  if (notice != head) unlink_notice(notice);
  bool more = head->next != head;
  environment_unlock(environment);
  return id >= 0 && more ? id | LIPC_MORE_NOTICES : id;
}
