# photos/train and photos/test hold photographs of at least 64x64 pixels
python -m examples.train --model bmshj2018-factorized --dataset photos --lambda 0.01 --epochs 1 \
    --batch-size 2 --test-batch-size 1 --patch-size 64 64 --num-workers 0
