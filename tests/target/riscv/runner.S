/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle's side of the riscv64 and riscv32 differential tests: runner FILE N. Maps FILE (tests/target/difftest.h)
 * and turns each of its N records into the state after its slot of code ran. x31 holds the record throughout; a
 * slot's first instruction reloads x1. From the command line: LX, SX (load and store of a register), WORD (.quad or
 * .word), UC_PC (offset of pc in ucontext_t), MAPOFF (argument of mmap for the records). */
#define CODE 0x20000000
#define DATA 0x30000000
#define CASES 0x31000000
#define SLOT 128
#define BATCH 4000
#define NREGS 65
#define MEMW 128                        /* 8-byte words */
#define RECORD ((NREGS + 1 + MEMW) * 8)
        .option norvc
        .text
        .globl _start, stub
.macro copy_memory from, to             /* from and to are registers; x4, x5 are lost */
        li x4, MEMW * 2
1:      lw x5, 0(\from)
        sw x5, 0(\to)
        addi \from, \from, 4
        addi \to, \to, 4
        addi x4, x4, -1
        bnez x4, 1b
.endm
stub:                                   /* at DIFF_STUB: every slot jumps here */
        .irp r,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        SX x\r, 8*\r(x31)
        .endr
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        fsd f\r, 256+8*\r(x31)
        .endr
        frcsr x1
        SX x1, 512(x31)
        li x2, DATA
        addi x3, x31, (NREGS + 1) * 8
        copy_memory x2, x3
next:
        la x5, index
        LX x6, 0(x5)
        LX x7, 8(x5)
        bge x6, x7, done
        addi x8, x6, 1
        SX x8, 0(x5)
        li x31, RECORD
        mul x31, x31, x6
        li x9, CASES
        add x31, x31, x9
        LX x10, NREGS * 8(x31)
        bnez x10, next
        li x2, DATA
        addi x3, x31, (NREGS + 1) * 8
        copy_memory x3, x2
        li x1, SLOT
        mul x1, x1, x6
        li x9, CODE
        add x1, x1, x9
        LX x5, 512(x31)
        fscsr x5
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        fld f\r, 256+8*\r(x31)
        .endr
        .irp r,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        LX x\r, 8*\r(x31)
        .endr
        jr x1
done:   li a0, 0
        li a7, 93
        ecall

illegal:                                /* handler: exit := 1, resume at the stub */
        li t0, 1
        LX t6, UC_PC + 31 * XBYTES(a2)
        SX t0, NREGS * 8(t6)
        la t0, stub
        SX t0, UC_PC(a2)
        ret

fail:   li a0, 9
        li a7, 93
        ecall

_start:
        LX s0, 0(sp)                    /* argc, argv[0], argv[1], argv[2] */
        LX s1, 2*XBYTES(sp)
        LX a0, 3*XBYTES(sp)
        li a1, 0
1:      lbu a2, 0(a0)
        beqz a2, 2f
        li a3, 10
        mul a1, a1, a3
        addi a2, a2, -48
        add a1, a1, a2
        addi a0, a0, 1
        j 1b
2:      la a0, index
        SX a1, 8(a0)
        li a0, -100
        mv a1, s1
        li a2, 2                        /* O_RDWR */
        li a3, 0
        li a7, 56
        ecall
        bltz a0, fail
        mv s2, a0
        li a0, CODE
        li a1, SLOT * BATCH
        li a2, 5
        li a3, 0x11                     /* MAP_SHARED | MAP_FIXED */
        mv a4, s2
        li a5, 0
        li a7, 222
        ecall
        bltz a0, fail
        li a0, CASES
        li a1, RECORD * BATCH
        li a2, 3
        li a3, 0x11
        mv a4, s2
        li a5, MAPOFF
        li a7, 222
        ecall
        bltz a0, fail
        li a0, DATA
        li a1, 4096
        li a2, 3
        li a3, 0x32                     /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED */
        li a4, -1
        li a5, 0
        li a7, 222
        ecall
        bltz a0, fail
        la a0, altstack
        li a1, 0
        li a7, 132
        ecall
        li a0, 4                        /* SIGILL */
        la a1, action
        li a2, 0
        li a3, 8
        li a7, 134
        ecall
        bnez a0, fail
        j next

        .data
        .balign 16
index:  .quad 0, 0
altstack:
        WORD stack
        WORD 0
        WORD 65536
action: WORD illegal, 0x08000004, 0, 0    /* SA_ONSTACK | SA_SIGINFO */
        .bss
        .balign 16
stack:  .space 65536
