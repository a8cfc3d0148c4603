/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle's side of the ppc differential test: runner FILE N. Maps FILE (tests/target/difftest.h) and turns each
 * of its N records into the state after its slot of code ran. r31 holds the record throughout; a slot is entered
 * through CTR, which the record agrees with. Records are little-endian 64-bit words: r0..r31, f0..f31, v0..v31 (low
 * half first), then LR CTR CR XER FPSCR VSCR VRSAVE. Registers are saved in the guest's byte order and turned round
 * in memory afterwards. From the command line: TRAPPED, the exit word of a trap. */
#define CODE 0x20000000
#define DATA 0x30000000
#define CASES 0x31000000
#define SLOT 128
#define BATCH 4000
#define SPECIAL 1024                    /* offset of LR */
#define NREGS (SPECIAL / 8 + 7)
#define MEMW 128                        /* 8-byte words */
#define RECORD ((NREGS + 1 + MEMW) * 8)
        .machine "altivec"
        .text
        .globl _start, stub
.macro la r, sym
        lis \r, \sym@ha
        addi \r, \r, \sym@l
.endm
.macro li32 r, v
        lis \r, (\v)@h
        ori \r, \r, (\v)@l
.endm
stub:                                   /* at DIFF_STUB: every slot jumps here */
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stw \r, 8*\r(31)
        .endr
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stfd \r, 256+8*\r(31)
        .endr
        mflr 3
        stw 3, SPECIAL(31)
        mfctr 3
        stw 3, SPECIAL+8(31)
        mfcr 3
        stw 3, SPECIAL+16(31)
        mfxer 3
        stw 3, SPECIAL+24(31)
        mfspr 3, 256
        stw 3, SPECIAL+48(31)
        la 4, vectors
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stvx \r, 0, 4
        addi 4, 4, 16
        .endr
        mfvscr 0
        stvx 0, 0, 4
        lwz 3, 12(4)
        stw 3, SPECIAL+40(31)
        mffs 0
        stfd 0, 0(4)
        lwz 3, 4(4)
        stw 3, SPECIAL+32(31)
        bl turn_words
        bl turn_doubles
        la 3, vectors
        addi 4, 31, 512
        bl turn_vectors
        li32 3, DATA
        addi 4, 31, (NREGS + 1) * 8
        bl copy
next:
        la 5, index
        lwz 6, 0(5)
        lwz 7, 4(5)
        cmplw 6, 7
        bge done
        addi 8, 6, 1
        stw 8, 0(5)
        mulli 31, 6, RECORD
        addis 31, 31, CASES@h
        lwz 3, NREGS * 8(31)
        cmpwi 3, 0
        bne next
        addi 3, 31, (NREGS + 1) * 8
        li32 4, DATA
        bl copy
        bl turn_words
        bl turn_doubles
        addi 3, 31, 512
        la 4, vectors
        bl turn_vectors
        la 4, vectors
        li 3, 0
        lwz 5, SPECIAL+40(31)           /* VSCR */
        stw 3, 512(4)
        stw 3, 516(4)
        stw 3, 520(4)
        stw 5, 524(4)
        li 3, 512
        lvx 0, 3, 4
        mtvscr 0
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lvx \r, 0, 4
        addi 4, 4, 16
        .endr
        lfd 0, SPECIAL+32-4(31)
        mtfsf 0xff, 0
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lfd \r, 256+8*\r(31)
        .endr
        lwz 3, SPECIAL(31)
        mtlr 3
        lwz 3, SPECIAL+8(31)
        mtctr 3
        lwz 3, SPECIAL+16(31)
        mtcr 3
        lwz 3, SPECIAL+24(31)
        mtxer 3
        lwz 3, SPECIAL+48(31)
        mtspr 256, 3
        .irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        lwz \r, 8*\r(31)
        .endr
        bctr
done:   li 3, 0
        li 0, 1
        sc

/* The low words of the general and special registers, in place. The record register itself is one of them: constants
 * do. */
turn_words:
        addi 3, 31, 0
        li 5, 32
        mflr 8
        bl 1f
        addi 3, 31, SPECIAL
        li 5, 7
        mtlr 8
1:      lwbrx 6, 0, 3
        stw 6, 0(3)
        addi 3, 3, 8
        addi 5, 5, -1
        cmpwi 5, 0
        bne 1b
        blr
turn_doubles:
        addi 3, 31, 256
        li 5, 32
        li 9, 4
1:      lwbrx 6, 0, 3
        lwbrx 7, 9, 3
        stw 7, 0(3)
        stw 6, 4(3)
        addi 3, 3, 8
        addi 5, 5, -1
        cmpwi 5, 0
        bne 1b
        blr
turn_vectors:                           /* from r3 to r4, 32 of 16 bytes */
        li 5, 32
        li 9, 4
        li 10, 8
        li 11, 12
1:      lwbrx 6, 0, 3
        stw 6, 12(4)
        lwbrx 6, 9, 3
        stw 6, 8(4)
        lwbrx 6, 10, 3
        stw 6, 4(4)
        lwbrx 6, 11, 3
        stw 6, 0(4)
        addi 3, 3, 16
        addi 4, 4, 16
        addi 5, 5, -1
        cmpwi 5, 0
        bne 1b
        blr
copy:   li 5, MEMW * 2                  /* words from r3 to r4 */
1:      lwz 6, 0(3)
        stw 6, 0(4)
        addi 3, 3, 4
        addi 4, 4, 4
        addi 5, 5, -1
        cmpwi 5, 0
        bne 1b
        blr

caught:                                 /* handler: exit := 1 or TRAPPED, resume at the stub */
        cmpwi 3, 4
        li 6, 1
        beq 1f
        li 6, TRAPPED
1:      lwz 7, 48(5)                    /* uc_regs */
        lwz 8, 31 * 4(7)
        addi 8, 8, NREGS * 8
        stwbrx 6, 0, 8
        la 9, stub
        stw 9, 32 * 4(7)
        blr

fail:   li 3, 9
        li 0, 1
        sc

_start:
        lwz 14, 8(1)                    /* argc, argv[0], argv[1], argv[2] */
        lwz 3, 12(1)
        li 4, 0
1:      lbz 5, 0(3)
        cmpwi 5, 0
        beq 2f
        mulli 4, 4, 10
        addi 5, 5, -48
        add 4, 4, 5
        addi 3, 3, 1
        b 1b
2:      la 3, index
        stw 4, 4(3)
        mr 3, 14
        li 4, 2                         /* O_RDWR */
        li 5, 0
        li 0, 5
        sc
        bso fail
        mr 15, 3
        li32 3, CODE
        li32 4, SLOT * BATCH
        li 5, 5
        li 6, 0x11                      /* MAP_SHARED | MAP_FIXED */
        mr 7, 15
        li 8, 0
        li 0, 90
        sc
        bso fail
        li32 3, CASES
        li32 4, RECORD * BATCH
        li 5, 3
        li 6, 0x11
        mr 7, 15
        li32 8, SLOT * BATCH
        li 0, 90
        sc
        bso fail
        li32 3, DATA
        li 4, 4096
        li 5, 3
        li 6, 0x32                      /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED */
        li 7, -1
        li 8, 0
        li 0, 90
        sc
        bso fail
        la 3, altstack
        li 4, 0
        li 0, 185
        sc
        bso fail
        li 14, 4                        /* SIGILL, SIGTRAP */
3:      mr 3, 14
        la 4, action
        li 5, 0
        li 6, 8
        li 0, 173
        sc
        bso fail
        addi 14, 14, 1
        cmpwi 14, 6
        bne 3b
        b next

        .data
        .balign 16
index:  .long 0, 0
altstack:
        .long stack, 0, 65536
action: .long caught, 0x08000004, 0, 0, 0   /* SA_ONSTACK | SA_SIGINFO */
        .bss
        .balign 16
vectors: .space 528
        .balign 16
stack:  .space 65536
