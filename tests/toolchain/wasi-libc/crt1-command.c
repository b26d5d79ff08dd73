// The start of a command, in place of the one in Debian 12's wasi-libc (2022).
// Constructors run once, from here. Left to wasm-ld, they would wrap every export of the module, and
// the preview 1 adapter's calls into it would trap.
#include <stdnoreturn.h>

extern void __wasm_call_ctors(void);
extern void __wasm_call_dtors(void);
extern int __main_void(void);
extern noreturn void __wasi_proc_exit(int code);

__attribute__((export_name("_start"))) void _start(void) {
  __wasm_call_ctors();
  int code = __main_void();
  __wasm_call_dtors();
  if (code) __wasi_proc_exit(code);
}
