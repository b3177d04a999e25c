"""HEIC files of a drawn picture, since no encoder of HEVC is installed.

They were written by pillow-heif 1.8.1 (x265), whose wheel is under the GPL and so no dependency
here. The picture has four quarters, 96 x 128 pixels: red and green above, blue and grey below.
"""

import base64
import zlib

import numpy as np

QUARTERS = np.array(
    [[[220, 30, 30], [30, 200, 40]], [[30, 40, 210], [128, 128, 128]]], dtype=np.uint8
)
LARGE = (2000, 1500)
"""Size of the large ones, of one colour."""

_PACKED = {
    "RGB": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYExJDe1JJEBAhQzUnKKoGyGgszkEgY0oJSZk58MYrg4MDACIRAw"
        "VkBoIIsPSChnZualQbhALArkpDJBeRllyYYgJl9BZkkuXMmVzIKiAiC9NbMgOR9IlwGVOTOycACZ8yxAiuQ+MPz5"
        "/+MHAwM/cwJQh7gDIw/j//8gBcxgFcxAJbuYHBKBcppOjIyoEhPYBAR0tgd5+hYXCFxIcGBgYHMASTglAVVzuDAe"
        "LGrjYVIBWiKcnJ9TlJecA/IMLwNbA1BIJLO4IBXq7wQgBokJFGRWZIIEmDk4QC4UzyzIhQUeMDxYGpmYWYAssdyU"
        "RGDYMXJpMK7nfPDYfc6u9f//Ocr//2coPeEfy7MlTUGVH8JP/ssL//88jW1jqrvWb6HLZ9MjdResbxDrvVLK3ld5"
        "q0U4fvMBrgq5TwqZT2doCrmViqjmvWkTvR5yZ+E39UXz8hnjPk9LVrWqSPubWd61UF5w+/9n883lz/Lt/X8y8njT"
        "m5pL5dyRNy2unCyN1ez5YbrtwN+uFcL/nu9+/PrJq286DoyTZnK/15TuKf/xd4GCupBOlN7ZD5U9zQ78v3+wcX0s"
        "41XxF7U327+TMY1DevIF4atRCgGhQVs3VG1Rv/dC+bbuyrf/Ej9tv7X5+D/nBxrvD96/fIv3dvS1zOsx2y6dvL2j"
        "ufe6+4/wvy0arcwPrebtvrVt7u2CdQ4AbcbMNQ=="
    ),
    "L": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYHRPze1JJEBAhQzUnKKoGyGgszkEgY0oJSZk58MYrg4MDACIRAw"
        "FkNoIDgLxMqZmXlpYB5IVBTISWWC8jLKkg1BTL6CzJJcuJLzmQVFBUB6Q2ZBcj6QLgYqc2Zk4QAy5/8AKZL7wPDn"
        "zw8gk585AahD3IGRh/H/f5ACZrAKZqCSXUwOiUA5dSdGRlSJA4eYWKe98tRclwMWPgEiOBySgGrZXRgPFm1QcgDa"
        "IJycn1OUl5xTARTmZWBrAAqJZBYXpEK9lQDEDRB3V2SCnQ1ynHhmQS4s3IBBwdLIxMwCZF7NTUkEBdtJDcZ1wges"
        "O17//39CqVnlvLDSjn1BjdFeV1fceSwvGr7n8DXNR+lalg8X/N76o/Zbmblr7qyqR7X5xx8esQtaJLqqg0/vw/HD"
        "nS98rs1r/cLKlvbf5tmx2C88t4K+bdT9tO/RIgP25m8S/7vzPz00rPP9/4P/vr2Yq+WSSRWZ3WsuPJwp3J7458u+"
        "mNI7PrkrsrNaJjrUVNUV8x9u/HwkWMZzX4q6jFu3+S3Z9N3i5c1fvm781b/6w4uG1KKELKs7JWdrYlc9+pfA/O7h"
        "90YWy/+bNWcAAJZlsRc="
    ),
    "RGBA": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYHJJTe1JJEBAhQzUnKKoGyGgszkEgY0YJKZk58MYrg4MDAxMIJY"
        "TBkQmoGBkQ8oBgTMZXCRDCBhkZmZlwbmgmRFgZxUsDKgmoyyZEMGFEEmhCBfQWZJLgNUJWNzZkFRAZCOzSxIzgeK"
        "lQGVOTOycACZ8yxAiuQ+MPz5/+MHAwM/cwJQh7gDIw/j//8gBcxgFcxAJbuYHBKBcppOjIyoEhPYBAR0tgd5+hYX"
        "CFxIcGBgYHMASTglAVVzuDAeLGrjYVIBWiKcnJ9TlJecUwEU52VgawAKiWQWF6RCgycBiEFiAgWZFZngoODgALmw"
        "GOHY+T9gjv2Dw7EgFUiOVYc7FiZx4BAT67RXnprrcsDCJ0AEhwPIqewgp25QcoCEHsQJjCBb1RNLK5xBvNKiPKvc"
        "gtR0q4zUsmQrIwNDUyugVGaKFTjI5TILcmFpARi9LI1MzCwMTCytzGztQBGpzKLUNKgsH1BXDjgJACOHqS43JRGY"
        "Vhi5NBjXcz547D5n1/r//xzl//8zlJ7wj+XZkqagyg/hJ//lhf9/nsa2MdVd67fQ5bPpkboL1jeI9V4pZe+rvNUi"
        "HL/5AFeF3CeFzKczNIXcSkVU8960iV4PubPwm/qiefmMcZ+nJataVaT9zSzvWigvuP3/s/nm8mf59v4/GXm86U3N"
        "pXLuyJsWV06Wxmr2/DDdduBv1wrhf893P3795NU3HQfGSTO532tK95T/+LtAQV1IJ0rv7IfKnmYH/t8/2Lg+lvGq"
        "+Ivam+3fyZjGIT35gvDVKIWA0KCtG6q2qN97oXxbd+Xbf4mftt/afPyf8wON9wfvX77Fezv6Wub1mG2XTt7e0dx7"
        "3f1H+N8WjVbmh1bzdt/aNvd2wTpgFDCmaDCuEz7w2Nyl9P//7y6X4yPify77/nbhS24lvTNCe81YVx5Pz/vHqWUw"
        "tUHyoEK51D7t/zOYUzSUFKefjF5jLfhgfkVwHWPZtsWPD63h4zzk9oGHe645f3fwq5/1Cn+cpzPuC2j5bTipPGbl"
        "hea8f5l+Z8wSUv6lC3vtkH1vy2vwwHIuT9BG55naK6wmv3Y+8XzTmYXyR/7NO3zceP+M/f37Hx/w+l0a5MYw1VpL"
        "R0NO7BnfwwelW1mXSK886n/UzZc39Pbd6QsN+tfZHw1IOCh4nrlkRTZn3M2sOp8Vsy8r/Qpf/iPBsP/Ooq+ZzFx/"
        "IxrUmh5OP+F5JSbt/fc7/vtTVFmVfDonCTNWyRW1FnLKPcqc7OqfGflFZIP2u1W+trtUlbxmPL3N9mjv1d/rF/mW"
        "/c69Nbdpsbl5/OLnZgc4bvbUP3293zZDoy7/8tfKZsl123kPrRPPzk8ME5miVnJyZV3tnQm3pbavy025PLFDQ+vn"
        "FMdVCwAfGqpT"
    ),
    "turned": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYFxfm5qSSIDBChmpOQUQdkMBZnJJQxowCQzJz8ZxHBxYGBiYASx"
        "GA9DaAYQxQSimeAiDCpAbJGZmZcG5oFkRYGcVCao8oyyZEMGJEFGkBLXikywcr6CzJJcmMEM9zILigqA9L7MguR8"
        "IF0G1OvMyMIBZM6zACmS+8Dw5/+PHwwM/MwJQB3iDow8jP//gxQwg1UwA5XsYnJIBMppOjEyokpMYGLh0dke5Olb"
        "XCBwIcGBgYHNASThlARUzeHCeLCojYcJ5Bfh5PycorzknAqgOC8DWwNQSCSzuCAV6l0QPwGIBQoyKzJBAswcHCAX"
        "cmYW5ZcA7WGQyCzIhQU2IwMjayMTM0srkC2VWZSaBhXnS04pTgaHLtDfjDq5KYmgaPijwbie88HDcMvS+PgL9f//"
        "vpb//6sqqpDnjvMp+/9ba7u++5/6X+7Z/Nik0Ool869vq/4+TnOY1erT+bRpoaZa87dyIXfXrOjoPIu5j3tYdSI0"
        "i+0lHrgUbvn/9fWanVl3n/Yblv1zM7Kor81fE1/y9deOpadPT14qevLZ1tt839jVT3bW1h/e/uXD+n/2N//HdeZ+"
        "nzbjT8/9DTm8R4//lwp5+eHQzW/VAq+sDasuZC38f2fCdp6Fm/M7bjsn7RHcuVpt/5Rlm4/PYC9ffpZb6PGXNbZK"
        "UtumPDz9VOJN0yOPZ9Y3N0w76x09LzrL/cWLCWwJgr4ubpfNdwW+nXKg9GiD5OPmtoqn7yuWAP3PBkkWvr4MWkAe"
        "BwMjoxAo5oBhxAYJNgAYCdqD"
    ),
    "grid": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYEpKje1JJEBAhQzUnKKoGyGgszkEgY0IJCZkggUZGRkSGBoAPJL"
        "MnPykxmBDBcHBlYGRgZGqDoYzcHABGEw1cHFshmYoWIv4WKyDCwQBjMbXGwu0ESI2GK4mAAQl2dm5qWBeSB5USAn"
        "lQlqZ3pRZgoDkiAjyPqMsmRDVEFmbIIs2ARZEYJ8BZkluTDPMbJkFhQVANmnMguS84G0SGZxQSrUkQlADAqccqBW"
        "Z0YWDiBzngVIQu4Dw5//P34wMPAzJwBNEXdg5GH8/x+kgBmsAuguuV1MDolAOS0nRkZUiQksAgqb7nqqmp494OzY"
        "CBKTBBGMHElA5RwujAeL2niYVIC2CCfn5xTlJedUAMV5Gdga0FznAMUCBZkVmeDg5eAAOdEosyAXlg6AUcnM2MrM"
        "wMTSxMzCysAMoVggFCuEYmBQyCxKTYPqEEnJzE0HhyIT0FEsoIBjtM0FJxaGdA3G9ZwPHrvP2bX+/z9H+f//DKUn"
        "/GN5tqQpqPJD+Ml/eeH/n6exbUx11/otdPlseqTugvUNYr1XStn7Km+1CMdvPsBVIfdJIfPpDE0ht1IR1bw3baLX"
        "Q+4s/Ka+aF4+Y9znacmqVhVpfzPL/wCtkgRbpWhZGh9/of7/39fy/39VRZXIHL7+ACg5E8kd/xm7v++/qrr/f5gN"
        "yB3fvJfUvzrX+6dj9cqpN3M+T/SY4Xx99/2a5ruXV3/MejKRKU6e9wfzhC8+3iEcB/h9rk9Y8mtnYNEG49DqtKV5"
        "f6O+5VQ3/r12veSEuqddAqOho8jH9z2ZP9eav3wnPdtWrLbm4vPGCxFNVuGmHR5vv685wBV9cvG7mAk3P38r2T+7"
        "rFacHxRFPBCX9xrI7RK3AwDWYvT4"
    ),
    "large": (
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYExIje1JJEBAhQzUnKKoGyGgszkEgY0oJSZkw82xMWBgREIgYCx"
        "BkIzMDBLAgnlzMy8NDAXJCoK5KQyQXkZZcmGICZfQWZJLlzJjcyCogIgvTOzIDkfSFcBlTkzMoOEJoAVTfvA8Ofv"
        "jx8MDPzMCUAdEg6MPIz//4MUMINUMIPQtF1MDolASV0nRkY0mQXMLxrE2+9Fr1RZtnMHR4aBAlCUGUQwKCYBdbC7"
        "MB4s2pDkALRIODk/pygvOacCKMzLwNYAFBLJLC5IhfiO/QIDA+sdIEOgILMiE+xfDg4OICWeWZALC0BgmLA0MjGz"
        "ACUVc1MSgeHHLKrBuJ5F4OCmSRqJTez3K5/PA6HrsaU3/lRavP7/U2D5myfz51ZK/2Z5VlLONCNiZgPU4ZiIlWf5"
        "i3dsCUdtcaoAIoGCybwmB/CpYLB40I5XnpmBsZiAAoayAwRU8P4goMCXgAmM1vjlmYPwyrO24JXmvoFXWuwCXmn5"
        "AgIBjFfaH7/Pix3wSi9qwCt9C680IyNeWX+8suV4ZR/jk2VCjSzGaACL+Hfg"
    ),
    "large 4:4:4, 10 bits, alpha": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYHJJze1JJEBAhQzUnKKoGyGgszkEgY0YJKZk58MYrg4MDAxMIJY"
        "TAUQmoGBWRgoBgSszTARpkdAwiIzMy8NwgViUSAnFawMqCajLNmQAUWQCSHIV5BZkssAVcnYnVlQVACkUzMLkvOB"
        "YtVAZc6MLBxA5hwLkKJpHxj+/P/1i4GBnzkBqEPcgZGH8f9/kAJmsApmoJJdTA6JQDk9J0ZGVIkJDLUCTB9+Rute"
        "mRQcc4fFREIAKM44ASQp0JAE1MLhwniwqI2HTQVok3Byfk5RXnJOBVCcl4GtASgkkllckArxM/sFYAjcATIECjIr"
        "MsHhwsXFBaTKEC6e+wPm4j84XAxSgeRiLbiLYRIH+BcxxMlrp+6a5JU9mwkkZgQimARArmUHuXZDkgMkFCGuYAS5"
        "QT2xtMIZxCstyrPKLUhNt8pILUu2MjIwNLUCSmWmWIGDXi6zIBeWJoDRzNLIxMzCwMTSyszWDhSRyixKTYPK8gF1"
        "5YCTAjCSWP/mpiQC0wwzvwbjehaBg2smaSQ2sd+vfD4PhK7Hlt74I/u8/t/y3kNGa1KWbFE6vJcF7BmsKODACk1d"
        "3oXH5uNWwsxgnjCZ78sPfCoYAhza8cozMzCeJaCAoewAARW8Pwgo8CVgAqM1fnnmILzyrC14pblv4JUWu4BXWr4A"
        "r7TFA7zS/vh9XuyAV3pRA17pW3ilGRnxyvrjlS3HK/sYnywTamQxRgNz0T0NxnUcis3BPPx7Pq/b9Xrdjsd9Zrdz"
        "t90u+KiV+//n8rAdiWwHfyke/bkAZwrhXCWUoHlitQJua69NFmv/gC+RfcSfFXgzKElkSXgjmukePlkuvAlUagI+"
        "WTsFfLL4XbUSX/phlMYneR+PJNM1fFkZT0iw1uCWY9+CW46jA0/mr8Atx2+BW04QT1ISRY0RmwcAsSPU7w=="
    ),
    "large 10 bits": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYExMje1JJEBAhQzUnKKoGyGgszkEgY0oJSZk58MYrg4MDACIRAw"
        "1kJoBgZmYSChnJmZlwbmgkRFgZxUJigvoyzZEMTkK8gsyYUruZlZUFQApHdlFiTnA+lqoDJnRhYOIHOOBUjRtA8M"
        "f/7/+sXAwM+cANQh7sDIw/j/P0gBM1gFM1DJLiaHRKCcnhMjI6rEBIZaAaYPP6N1r0wKjrnDYiIhABRnnACSFGhI"
        "AmrhcGE8WNTGw6YCtEk4OT+nKC85pwIozsvA1gAUEsksLkiFeI/9AgMD6x0gQ6AgsyIT7GEuLi4gJZ5ZkAsLQWCg"
        "sDQyMbMAJaVzUxKBAcjMr8G4nkXg4JpJGolN7Pcrn88DoeuxpTf+yD6v/7e895DRmpQlW5QO72UBOxkrCjiwQlOX"
        "d+Gx+biVMDOYJ0zm+/IDnwqGAId2vPLMDIxnCShgKDtAQAXvDwIKfAmYwGiNX545CK88awteae4beKXFLuCVli/A"
        "K23xAK+0P36fFzvglV7UgFf6Fl5pRka8sv54Zcvxyj7GJ8uEGlmM0QBg+nQ1"
    ),
    "L of 10 bits": (
        "eNpjYGCQSSupLMhIzaxgAILczDRDEDs3MzGNgYHRLze1JJEBAhQzUnKKoGyGgszkEgY0oJSZk58MYrg4MDACIRAw"
        "FkFoINgCxMqZmXlpYB5IVBTISWWC8jLKkg1BTL6CzJJcuJJzmQVFBUB6fWZBcj6QLgIqc2Zk4QAy5/4AKZL7wPDn"
        "z69fDAz8zAlAHeIOjDyM//+DFDCDVTADlexickgEyqk5MTKiShw4xMRyM2/JpFnPDjQwMPA0gERbkoBK2V0YDxZt"
        "UHIAWiCcnJ9TlJecUwEU5mVgA6phEMksLkiF+ioBiBsgzq7IBLuaC0iIZxbkwoINGBIsjUzMLEDmntyURFCobdBg"
        "XCd84HGxy5r//99onq1NrJ/4Ks+ud7PQF8FDTs99o9n5/61c8nam1G8ZjuuLAuduaoxS6dZ7vvsl2x6btZO8/B13"
        "8U2yE2P4uFs0bOp8k1UfL9a9famw+P8fTvbV4Tf/+C/Zbqmp/er+wfvb38rnMx/dYccc2cB6gCOBSf32o/aiPFPP"
        "cNGS2kn71v6R/V138XvG80ItB8b+A+tXXX74k1ns+Exdv+MOjDd4Mxpj2m+li7jd0ZSrXQAA7nudvQ=="
    ),
}

HEIC = {name: zlib.decompress(base64.b64decode(text)) for name, text in _PACKED.items()}
