#include "textflag.h"

// Marks 16 bytes at off(SI): those that are equal to X8 or X9, or less than X10 as
// signed numbers, which control characters and all that is not ASCII are. The result
// is in the low bits of reg.
#define MARK16(off, x, y, z, reg) \
	MOVOU    off(SI), x; \
	MOVOA    x, y;       \
	MOVOA    X10, z;     \
	PCMPGTB  x, z;       \
	PCMPEQB  X8, x;      \
	PCMPEQB  X9, y;      \
	POR      x, y;       \
	POR      y, z;       \
	PMOVMSKB z, reg

// func markSSE2(marks, b *byte, blocks int)
TEXT ·markSSE2(SB), NOSPLIT, $0-24
	MOVQ marks+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ blocks+16(FP), CX

	MOVQ       $0x2222222222222222, AX // quote
	MOVQ       AX, X8
	PUNPCKLQDQ X8, X8
	MOVQ       $0x5C5C5C5C5C5C5C5C, AX // backslash
	MOVQ       AX, X9
	PUNPCKLQDQ X9, X9
	MOVQ       $0x2020202020202020, AX // space
	MOVQ       AX, X10
	PUNPCKLQDQ X10, X10

loop:
	MARK16(0, X0, X1, X2, AX)
	MARK16(16, X3, X4, X5, BX)
	MARK16(32, X0, X1, X2, DX)
	MARK16(48, X3, X4, X5, R8)
	SHLQ $16, BX
	SHLQ $32, DX
	SHLQ $48, R8
	ORQ  BX, AX
	ORQ  R8, DX
	ORQ  DX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop
	RET

// Marks the 32 bytes in x: those that are equal to Y8 or Y9, or at most Y10, which
// control characters are. The result is in the low half of reg.
#define MARK32(x, y, z, reg) \
	VPMINUB   Y10, x, z; \
	VPCMPEQB  x, z, z;   \
	VPCMPEQB  Y8, x, y;  \
	VPOR      y, z, z;   \
	VPCMPEQB  Y9, x, y;  \
	VPOR      y, z, z;   \
	VPMOVMSKB z, reg

// Checks the 32 bytes in x, before which Y7 stands, and takes their place there. Each
// bit of a byte of Y15 that gets set is a mistake; the tables below say which.
#define UTF8(x) \
	VPERM2I128 $0x21, x, Y7, Y2;   \
	VPALIGNR   $15, Y2, x, Y3;     \
	VPSRLW     $4, Y3, Y4;         \
	VPAND      Y11, Y4, Y4;        \
	VPSHUFB    Y4, Y12, Y4;        \
	VPAND      Y11, Y3, Y3;        \
	VPSHUFB    Y3, Y13, Y3;        \
	VPAND      Y3, Y4, Y4;         \
	VPSRLW     $4, x, Y3;          \
	VPAND      Y11, Y3, Y3;        \
	VPSHUFB    Y3, Y14, Y3;        \
	VPAND      Y3, Y4, Y4;         \
	VPALIGNR   $14, Y2, x, Y3;     \
	VPSUBUSB   lead3<>(SB), Y3, Y3; \
	VPALIGNR   $13, Y2, x, Y5;     \
	VPSUBUSB   lead4<>(SB), Y5, Y5; \
	VPOR       Y3, Y5, Y5;         \
	VPAND      high<>(SB), Y5, Y5; \
	VPXOR      Y4, Y5, Y5;         \
	VPOR       Y5, Y15, Y15;       \
	VMOVDQA    x, Y7

// func markUTF8(marks, b *byte, blocks int) bool
TEXT ·markUTF8(SB), NOSPLIT, $0-25
	MOVQ marks+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ blocks+16(FP), CX

	MOVQ           $0x2222222222222222, AX // quote
	MOVQ           AX, X8
	VPBROADCASTQ   X8, Y8
	MOVQ           $0x5C5C5C5C5C5C5C5C, AX // backslash
	MOVQ           AX, X9
	VPBROADCASTQ   X9, Y9
	MOVQ           $0x1F1F1F1F1F1F1F1F, AX // the last control character
	MOVQ           AX, X10
	VPBROADCASTQ   X10, Y10
	MOVQ           $0x0F0F0F0F0F0F0F0F, AX
	MOVQ           AX, X11
	VPBROADCASTQ   X11, Y11
	VBROADCASTI128 firstHigh<>(SB), Y12
	VBROADCASTI128 firstLow<>(SB), Y13
	VBROADCASTI128 secondHigh<>(SB), Y14
	VPXOR          Y15, Y15, Y15           // mistakes
	VPXOR          Y7, Y7, Y7              // the 32 bytes before
	VPXOR          Y6, Y6, Y6              // a character that they begin and do not end

loop:
	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y1
	MARK32(Y0, Y2, Y3, AX)
	MARK32(Y1, Y4, Y5, BX)
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (DI)
	VPOR      Y0, Y1, Y2
	VPMOVMSKB Y2, AX
	TESTL     AX, AX
	JNZ       beyond
	VPOR      Y6, Y15, Y15
	VPXOR     Y6, Y6, Y6
	VMOVDQA   Y1, Y7

next:
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop

	VPTEST Y15, Y15
	SETEQ  ret+24(FP)
	VZEROUPPER
	RET

beyond: // ASCII
	UTF8(Y0)
	UTF8(Y1)
	VPSUBUSB complete<>(SB), Y1, Y6
	JMP      next

// What may be wrong of two bytes, by the upper and lower half of the first one and the
// upper half of the second: a bit that all three have. The bits:
//
//	01 a lead without enough behind it  02 a continuation behind ASCII
//	04 three bytes for what needs two   08 beyond U+10FFFF
//	10 half a surrogate pair            20 two bytes for ASCII
//	40 four bytes for what needs three, or beyond U+10FFFF
//	80 two continuations, which is wrong unless a lead of three or four stands before
DATA firstHigh<>+0(SB)/8, $0x0202020202020202
DATA firstHigh<>+8(SB)/8, $0x4915012180808080
GLOBL firstHigh<>(SB), RODATA|NOPTR, $16
DATA firstLow<>+0(SB)/8, $0xCBCBCB8B8383A3E7
DATA firstLow<>+8(SB)/8, $0xCBCBDBCBCBCBCBCB
GLOBL firstLow<>(SB), RODATA|NOPTR, $16
DATA secondHigh<>+0(SB)/8, $0x0101010101010101
DATA secondHigh<>+8(SB)/8, $0x01010101BABAAEE6
GLOBL secondHigh<>(SB), RODATA|NOPTR, $16

// What leads of three and of four bytes are above, by 80.
DATA lead3<>+0(SB)/8, $0x6060606060606060
DATA lead3<>+8(SB)/8, $0x6060606060606060
DATA lead3<>+16(SB)/8, $0x6060606060606060
DATA lead3<>+24(SB)/8, $0x6060606060606060
GLOBL lead3<>(SB), RODATA|NOPTR, $32
DATA lead4<>+0(SB)/8, $0x7070707070707070
DATA lead4<>+8(SB)/8, $0x7070707070707070
DATA lead4<>+16(SB)/8, $0x7070707070707070
DATA lead4<>+24(SB)/8, $0x7070707070707070
GLOBL lead4<>(SB), RODATA|NOPTR, $32
DATA high<>+0(SB)/8, $0x8080808080808080
DATA high<>+8(SB)/8, $0x8080808080808080
DATA high<>+16(SB)/8, $0x8080808080808080
DATA high<>+24(SB)/8, $0x8080808080808080
GLOBL high<>(SB), RODATA|NOPTR, $32

// The greatest bytes that no more has to follow, by their place.
DATA complete<>+0(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA complete<>+8(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA complete<>+16(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA complete<>+24(SB)/8, $0xBFDFEFFFFFFFFFFF
GLOBL complete<>(SB), RODATA|NOPTR, $32
