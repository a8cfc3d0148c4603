/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that may fault, each with a row in the exception table (host pc, where to go instead), and the
 * system call stub whose window a signal handler can recognise. Contracts: common-user/host.h. */
        .text
        .macro extable from, to
        .pushsection gmem_extable, "a", @progbits
        .long \from - ., \to - .
        .popsection
        .endm
        .macro func name
        .globl \name
        .hidden \name
        .type \name, @function
        .p2align 4
\name:
        .endm

/* size_t host_copy(void *dst, const void *src, size_t n): bytes not copied */
func host_copy
        movq    %rdx, %rcx
        cmpq    $256, %rcx
        ja      1f
5:      cmpq    $16, %rcx
        jb      1f
3:      movups  (%rsi), %xmm0           /* a fault here is had again, and counted, below */
4:      movups  %xmm0, (%rdi)
        addq    $16, %rsi
        addq    $16, %rdi
        subq    $16, %rcx
        jne     5b
1:      rep movsb
2:      movq    %rcx, %rax
        ret
        extable 1b, 2b
        extable 3b, 1b
        extable 4b, 1b
/* size_t host_zero(void *dst, size_t n): bytes not written */
func host_zero
        movq    %rsi, %rcx
        xorl    %eax, %eax
1:      rep stosb
2:      movq    %rcx, %rax
        ret
        extable 1b, 2b
/* ssize_t host_strncpy(char *dst, const char *src, size_t cap): length; -1 fault; cap when no NUL */
func host_strncpy
        xorl    %eax, %eax
3:      cmpq    %rdx, %rax
        je      4f
1:      movzbl  (%rsi,%rax), %ecx
        movb    %cl, (%rdi,%rax)
        testb   %cl, %cl
        je      4f
        incq    %rax
        jmp     3b
2:      movq    $-1, %rax
4:      ret
        extable 1b, 2b
/* int host_loadN(const void *src, uintN_t *out), int host_storeN(void *dst, uintN_t v): 0, or -1 for a fault */
        .macro access size, ax, si
func host_load\size
1:      mov     (%rdi), \ax
        mov     \ax, (%rsi)
        xorl    %eax, %eax
        ret
        extable 1b, host_access_fault
func host_store\size
1:      mov     \si, (%rdi)
        xorl    %eax, %eax
        ret
        extable 1b, host_access_fault
        .endm
        access 8, %al, %sil
        access 16, %ax, %si
        access 32, %eax, %esi
        access 64, %rax, %rsi
host_access_fault:
        movl    $-1, %eax
        ret
/* int host_cas32(uint32_t *p, uint32_t expect, uint32_t desired, uint32_t *old) */
func host_cas32
        movl    %esi, %eax
1:      lock cmpxchgl %edx, (%rdi)
        movl    %eax, (%rcx)
        xorl    %eax, %eax
        ret
        extable 1b, host_access_fault

/* A window: pcs from start to insn belong to a call not made yet, which goes on at early, or (with a return address
 * in rcx) to one that the kernel wants made again, which goes on at restart. */
        .macro window start, insn, early, restart
        .pushsection safe_windows, "a", @progbits
        .long \start - ., \insn - ., \early - ., \restart - .
        .popsection
        .endm

/* long host_safe_syscall(_Atomic int *pending, long nr, a, b, c, d, e, f) */
func host_safe_syscall
        pushq   %rbx
        movq    %rdi, %rbx
        movq    %rsi, %rax
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rdx
        movq    %r9, %r10
        movq    16(%rsp), %r8
        movq    24(%rsp), %r9
        xorl    %ecx, %ecx
1:      cmpl    $0, (%rbx)
        jne     3f
2:      syscall                 /* leaves the pc of the next instruction in rcx, and so in the frame of a restart */
        popq    %rbx
        ret
3:      movq    $-513, %rax                     /* never made: -ERESTARTNOINTR */
        popq    %rbx
        ret
4:      movq    $-512, %rax                     /* the kernel wants it made again: -ERESTARTSYS */
        popq    %rbx
        ret
        window 1b, 2b, 3b, 4b

/* host_call_make: HostCall in rdi, the address to jump to in rsi. eax: 0, or 1 when the loop is to look. */
        .set CALL_PENDING, 64
        .set CALL_OUT, 72
        .set CALL_RESULT, 80
        .set CALL_WIDE, 88
        .set CALL_ERRORS, 89
        .set CALL_MADE, 90
func host_call_make
        movq    %rdi, %rbx
        movq    %rsi, %r12
        movq    CALL_PENDING(%rbx), %r13
        movl    (%rbx), %eax
        movq    8(%rbx), %rdi
        movq    16(%rbx), %rsi
        movq    24(%rbx), %rdx
        movq    32(%rbx), %r10
        movq    40(%rbx), %r8
        movq    48(%rbx), %r9
        xorl    %ecx, %ecx
1:      cmpl    $0, (%r13)
        jne     3f
2:      syscall
        cmpq    $-4095, %rax
        jae     6f
5:      movq    CALL_OUT(%rbx), %rdx
        movl    %eax, (%rdx)
        cmpb    $0, CALL_WIDE(%rbx)
        je      7f
        movq    %rax, (%rdx)
7:      xorl    %eax, %eax
        jmp     *%r12
6:      cmpb    $0, CALL_ERRORS(%rbx)
        je      8f
        cmpq    $-14, %rax                      /* EFAULT may be our write protection */
        jne     5b
8:      movq    %rax, CALL_RESULT(%rbx)
        movb    $1, CALL_MADE(%rbx)
3:      movl    $1, %eax
        jmp     *%r12
4:      movq    $-512, %rax
        jmp     8b
        window 1b, 2b, 3b, 4b

/* void host_sigreturn(void): SA_RESTORER */
func host_sigreturn
        movl    $15, %eax
        syscall
        ud2

/* long host_clone(unsigned long flags, void *stack_top, int *ptid, int *ctid, unsigned long tls, int (*fn)(void *),
 * void *arg) The child runs fn(arg) on its own stack and exits the thread with its result. */
func host_clone
        subq    $16, %rsi
        andq    $-16, %rsi
        movq    8(%rsp), %rax
        movq    %rax, 8(%rsi)
        movq    %r9, (%rsi)
        movq    %rcx, %r10
        movl    $56, %eax
        syscall
        testq   %rax, %rax
        jz      1f
        ret
1:      xorl    %ebp, %ebp
        popq    %rax
        popq    %rdi
        call    *%rax
        movl    %eax, %edi
        movl    $60, %eax
        syscall
        ud2
/* long host_clone3(const struct clone_args *a, size_t size, int (*fn)(void *), void *arg) */
func host_clone3
        movq    %rcx, %r8
        movl    $435, %eax
        syscall
        testq   %rax, %rax
        jz      1f
        ret
1:      xorl    %ebp, %ebp
        movq    %r8, %rdi
        call    *%rdx
        movl    %eax, %edi
        movl    $60, %eax
        syscall
        ud2
/* void host_end_thread(void *stack, size_t len) */
func host_end_thread
        movl    $11, %eax
        syscall
        xorl    %edi, %edi
        movl    $60, %eax
        syscall
        ud2
        .section .note.GNU-stack, "", @progbits
