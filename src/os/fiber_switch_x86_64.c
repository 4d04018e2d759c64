/* fiber_switch_x86_64.c: the switch for the System V ABI of x86-64. Saved on the stack that is
 * left: the six callee-saved registers, the SSE control word and the x87 control word (both are
 * callee-saved by the ABI: a handler that changes rounding must not change it for its neighbours).
 * Written as file-scope assembly with CFI, so that gdb and perf unwind through a switch; at the
 * first frame of a fiber they stop (undefined return address, rbp = 0).
 * Not for CET shadow stacks. */
#include "os/fiber_switch.h"

#include <stdint.h>

/* Bottom to top: where `fiber_switch` pops from. */
struct first_frame {
    uint32_t mxcsr;
    uint16_t x87, unused;
    void *r15, *r14, *r13, *r12, *rbx, *rbp;
    void (*start)(void);
};

_Static_assert(sizeof(struct first_frame) == 64, "the frame fiber_switch stores");

void fiber_start_x86_64(void); /* below */

__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_switch\n"
        ".hidden fiber_switch\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %rbp, 0\n"
        "    pushq %rbx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %rbx, 0\n"
        "    pushq %r12\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %r12, 0\n"
        "    pushq %r13\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %r13, 0\n"
        "    pushq %r14\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %r14, 0\n"
        "    pushq %r15\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %r15, 0\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    movq %rsp, (%rdi)\n"
        "    movq (%rsi), %rsp\n" /* the same layout on the other stack: the CFI stays true */
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %r15\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %r15\n"
        "    popq %r14\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %r14\n"
        "    popq %r13\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %r13\n"
        "    popq %r12\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %r12\n"
        "    popq %rbx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %rbx\n"
        "    popq %rbp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %rbp\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size fiber_switch, . - fiber_switch\n"

        /* First frame of a fiber: fn in rbx, its argument in r12, the stack aligned to 16. */
        ".globl fiber_start_x86_64\n"
        ".hidden fiber_start_x86_64\n"
        ".type fiber_start_x86_64, @function\n"
        "fiber_start_x86_64:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined %rip\n"
        "    movq %r12, %rdi\n"
        "    callq *%rbx\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size fiber_start_x86_64, . - fiber_start_x86_64\n");

void fiber_context_init(struct fiber_context *c, void *base, size_t size, void (*fn)(void *),
                        void *arg)
{
    uintptr_t top = ((uintptr_t)base + size) & ~(uintptr_t)15;
    struct first_frame *f = (struct first_frame *)(top - 16 - sizeof *f);
    memset(f, 0, sizeof *f);
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(f->mxcsr), "=m"(f->x87));
    memcpy(&f->rbx, &fn, sizeof fn);
    f->r12 = arg;
    f->start = fiber_start_x86_64;
    c->sp = f;
}

void fiber_context_release(struct fiber_context *c)
{
    c->sp = NULL;
}
