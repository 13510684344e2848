"""The readers of the speech datasets on files in their owners' layouts."""

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.datasets_registry.readers.mosei import seven_classes
from helpers.reader_files import build, ids, places, read


def test_iemocap(tmp_path):
    build(
        tmp_path,
        **{
            "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"
            "\n\n[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]\nC-E2:\tNeutral;\t()\n"
            "[10.0100 - 11.3925]\tSes01F_impro01_M001\texc\t[2.5000, 2.5000, 2.5000]\n"
            "[10.0100 - 11.3925]\tSes01F_impro01_M002\txxx\t[2.5000, 2.5000, 2.5000]\n"
            "[10.0100 - 11.3925]\tSes01F_impro01_M003\tbad\t[2.5000, 2.5000, 2.5000]\n"
            "[10.0100 - 11.3925] Ses01F_impro01_M004 ang\n",
            "Session1/dialog/EmoEvaluation/._Ses01F_impro01.txt": b"\x00\x05\x16\x07",
            "Session1/dialog/transcriptions/Ses01F_impro01.txt": "Ses01F_impro01_F000 [006.2901-008.2357]: Sorry.\n",
            "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav": None,
            "Session5/dialog/EmoEvaluation/Ses05M_x.txt": "[0.1 - 1.5]\tSes05M_x_F000\tsad\t[1, 2, 3]\n",
        },
    )
    items = read("iemocap", tmp_path)
    assert items[0] == Clip(
        audio_id="iemocap/Ses01F_impro01_F000",
        dataset="iemocap",
        path="Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
        text="Sorry.",
        speaker_id="Ses01F",
        gender="female",
        emotion="neutral",
    )
    assert (items[1].emotion, items[1].gender, items[1].text) == ("happy", "male", None)
    assert [place.rpartition(", ")[2] for place in places(items)] == ["column 3", "line 8"]
    assert ids(read("iemocap", tmp_path, splits=("test",))) == ["Ses05M_x_F000"]


def test_libritts(tmp_path):
    build(
        tmp_path,
        **{
            "LibriTTS/SPEAKERS.txt": ";ID|SEX| SUBSET\n14 | F | train-clean-360 | 25 | K | L\n15 | X | a | 1 | b\n",
            "LibriTTS/train-clean-360/14/208/14_208_1.wav": None,
            "LibriTTS/train-clean-360/14/208/14_208_1.normalized.txt": "He said: “no”.\n",
            "LibriTTS/train-clean-360/14/208/14_208_1.original.txt": "x",
            "LibriTTS/train-clean-360/14/208/14_208_2.normalized.txt": "Audio is not here.",
            "LibriTTS/train-clean-360/14/208/14_208_3.normalized.txt": b"\xff",
            "LibriTTS/train-clean-360/14/208/._14_208_1.wav": None,
            "LibriTTS/train-clean-360/14/208/14_208.book.tsv": "x",
            "LibriTTS/test-clean/15/1/15_1_1.wav": None,
        },
    )
    items = read("libritts", tmp_path)
    clips = [item for item in items if isinstance(item, Clip)]
    assert ids(items) == ["14_208_1", "14_208_2"]
    assert clips[0].path == "LibriTTS/train-clean-360/14/208/14_208_1.wav"
    assert (clips[0].text, clips[0].gender, clips[1].path) == ("He said: “no”.", "female", None)
    assert places(items) == ["SPEAKERS.txt, line 3, column SEX", "14_208_3.normalized.txt, line 1, column 1"]
    assert ids(read("libritts", tmp_path, parts=("test-clean",))) == ["15_1_1"]


def test_voxceleb2(tmp_path):
    build(
        tmp_path,
        **{
            "vox2_meta.csv": "Name \tVoxCeleb2 ID \tVGGFace2 ID \tGender \tSet \nA_B \tid00012 \tn000012 \tm \tdev \n",
            "age-train.txt": "speaker_age,birth_year,Name,VoxCeleb_ID,video_id\n"
            "44.0,1969.0,Keïta,id00012,21Uxsk56VDQ\n",
            "dev/aac/id00012/21Uxsk56VDQ/00001.m4a": None,
            "dev/aac/id00012/2DLq_Kkc1r8/00001.m4a": None,
            "test/aac/id00013/21Uxsk56VDQ/00001.m4a": None,
        },
    )
    first, second = read("voxceleb2", tmp_path)
    assert first == Clip(
        audio_id="voxceleb2/id00012/21Uxsk56VDQ/00001",
        dataset="voxceleb2",
        split="dev",
        path="dev/aac/id00012/21Uxsk56VDQ/00001.m4a",
        speaker_id="id00012",
        gender="male",
        age=44,
        source_key="youtube:21Uxsk56VDQ",
    )
    assert second.age is None


def test_utterances_of_a_video_that_lie_in_two_places_are_all_read(tmp_path):
    names = ("dev/aac/id00012/v/00001.m4a", "dev/aac/id00012/v/00002.m4a", "dev/wav/id00012/v/00002.wav")
    only = "dev/wav/id00012/v/00003.wav"
    build(tmp_path, **dict.fromkeys((*names, only)), **{"vox2_meta.csv": "Set,Gender,VoxCeleb2 ID\nDev,f,id00012\n"})
    clips = read("voxceleb2", tmp_path)
    assert [(clip.path, clip.gender) for clip in clips] == [(name, "female") for name in (*names[:2], only)]


@pytest.mark.parametrize(
    ("sentiment", "wanted"),
    [
        *((-3, -3), (-2.01, -3), (-2, -2), (-1.01, -2), (-1, -1), (-0.01, -1), (0, 0)),
        *((0.01, 1), (1, 1), (1.01, 2), (2, 2), (2.01, 3), (3, 3)),
    ],
)
def test_sentiment_in_seven_classes(sentiment, wanted):
    assert seven_classes(sentiment) == wanted


def test_mosei_with_emotions_texts_and_folds(tmp_path):
    build(
        tmp_path,
        **{
            "CMU_MOSEI_Labels.csv": "video,segment,start,end,sentiment,happy,sad,anger,surprise,disgust,fear\n"
            "--qXJuDtHPw,5,-0.4,3.5,1.3333,0,0,0.66,0,0.66,0\nv_2,0,1,2,-2.5,0,0,0,0,0,0\nv_3,0,1,2,9,0,0,0,0,0,0\nv_4,0,1,2,0,0,0,0,0,0,0\n",
            "folds/train.txt": "--qXJuDtHPw\nv_2\nv_3\n",
            "folds/test.txt": "v_4\n",
            "WAV_16000/--qXJuDtHPw.wav": None,
            "Transcript/Segmented/Combined/--qXJuDtHPw.txt": "--qXJuDtHPw___5___0.0___3.5___I see ___ that.\n",
        },
    )
    first, second, bad = read("mosei", tmp_path)
    assert (first.emotion, first.sentiment, first.text) == ("angry", 2, "I see ___ that.")
    assert (first.path, first.start_s, first.end_s) == ("WAV_16000/--qXJuDtHPw.wav", 0.0, 3.5)
    assert (second.emotion, second.sentiment, second.text) == (None, -3, None)
    assert bad.message.startswith("CMU_MOSEI_Labels.csv, line 4, column sentiment")


def test_mosei_without_folds_is_refused(tmp_path):
    build(tmp_path, **{"CMU_MOSEI_Labels.csv": "video,segment,start,end,sentiment\nv,0,1,2,0\n"})
    with pytest.raises(UsageError, match="no column split"):
        read("mosei", tmp_path)
