/* fiber_switch_aarch64.c: the switch for the AAPCS64 of aarch64. Saved on the stack that is left:
 * x19-x30, the low halves of v8-v15, and FPCR (rounding and trapping), which is written only when
 * it differs, since writing it stalls the pipeline on many cores.
 * Written as file-scope assembly with CFI, so that gdb and perf unwind through a switch; at the
 * first frame of a fiber they stop (undefined return address, x29 = 0). */
#include "os/fiber_switch.h"

#include <stdint.h>

/* Bottom to top, as fiber_switch stores it. */
struct first_frame {
    void *x29;
    void (*x30)(void);
    void *x19, *x20, *x21, *x22, *x23, *x24, *x25, *x26, *x27, *x28;
    double d8_to_d15[8];
    uint64_t fpcr, unused;
};

_Static_assert(sizeof(struct first_frame) == 176, "the frame fiber_switch stores");

void fiber_start_aarch64(void); /* below */

__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_switch\n"
        ".hidden fiber_switch\n"
        ".type fiber_switch, %function\n"
        "fiber_switch:\n"
        "    .cfi_startproc\n"
        "    sub sp, sp, #176\n"
        "    .cfi_def_cfa_offset 176\n"
        "    stp x29, x30, [sp, #0]\n"
        "    .cfi_offset 29, -176\n"
        "    .cfi_offset 30, -168\n"
        "    stp x19, x20, [sp, #16]\n"
        "    .cfi_offset 19, -160\n"
        "    .cfi_offset 20, -152\n"
        "    stp x21, x22, [sp, #32]\n"
        "    .cfi_offset 21, -144\n"
        "    .cfi_offset 22, -136\n"
        "    stp x23, x24, [sp, #48]\n"
        "    .cfi_offset 23, -128\n"
        "    .cfi_offset 24, -120\n"
        "    stp x25, x26, [sp, #64]\n"
        "    .cfi_offset 25, -112\n"
        "    .cfi_offset 26, -104\n"
        "    stp x27, x28, [sp, #80]\n"
        "    .cfi_offset 27, -96\n"
        "    .cfi_offset 28, -88\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mrs x9, fpcr\n"
        "    str x9, [sp, #160]\n"
        "    mov x10, sp\n"
        "    str x10, [x0]\n"
        "    ldr x10, [x1]\n"
        "    mov sp, x10\n" /* the same layout on the other stack: the CFI stays true */
        "    ldr x10, [sp, #160]\n"
        "    cmp x9, x10\n"
        "    b.eq 1f\n"
        "    msr fpcr, x10\n"
        "1:  ldp d14, d15, [sp, #144]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp x27, x28, [sp, #80]\n"
        "    ldp x25, x26, [sp, #64]\n"
        "    ldp x23, x24, [sp, #48]\n"
        "    ldp x21, x22, [sp, #32]\n"
        "    ldp x19, x20, [sp, #16]\n"
        "    ldp x29, x30, [sp, #0]\n"
        "    add sp, sp, #176\n"
        "    .cfi_def_cfa_offset 0\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size fiber_switch, . - fiber_switch\n"

        /* First frame of a fiber: fn in x19, its argument in x20. */
        ".globl fiber_start_aarch64\n"
        ".hidden fiber_start_aarch64\n"
        ".type fiber_start_aarch64, %function\n"
        "fiber_start_aarch64:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined 30\n"
        "    mov x0, x20\n"
        "    blr x19\n"
        "    brk #1\n"
        "    .cfi_endproc\n"
        ".size fiber_start_aarch64, . - fiber_start_aarch64\n");

void fiber_context_init(struct fiber_context *c, void *base, size_t size, void (*fn)(void *),
                        void *arg)
{
    uintptr_t top = ((uintptr_t)base + size) & ~(uintptr_t)15;
    struct first_frame *f = (struct first_frame *)(top - sizeof *f);
    memset(f, 0, sizeof *f);
    __asm__ volatile("mrs %0, fpcr" : "=r"(f->fpcr));
    memcpy(&f->x19, &fn, sizeof fn);
    f->x20 = arg;
    f->x30 = fiber_start_aarch64;
    c->sp = f;
}

void fiber_context_release(struct fiber_context *c)
{
    c->sp = NULL;
}
