// The record classes of today's Kafka clients behind a pipe: see kafka_records.py.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

public class RecordsNow {
    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        while (true) {
            int command;
            try {
                command = in.readByte();
            } catch (EOFException end) {
                return;
            }
            switch (command) {
                case 'w' -> write(in, out);
                case 'm' -> mark(in, out);
                default -> read(in, out);
            }
            out.flush();
        }
    }

    /** What a batch says beside its records, then the records; answers with the bytes. */
    private static void write(DataInputStream in, DataOutputStream out) throws IOException {
        byte magic = in.readByte();
        Compression codec = Compression.of(CompressionType.forId(in.readByte())).build();
        TimestampType kind = in.readByte() == 1 ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
        boolean transactional = in.readBoolean();
        MemoryRecordsBuilder builder = MemoryRecords.builder(
            ByteBuffer.allocate(1 << 24), magic, codec, magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : kind,
            in.readLong(), in.readLong(), in.readLong(), in.readShort(), in.readInt(),
            transactional, false, in.readInt());
        int count = in.readInt();
        for (int number = 0; number < count; number++) {
            long offset = in.readLong();
            long timestamp = in.readLong();
            builder.appendWithOffset(offset, timestamp, readNullable(in), readNullable(in), readHeaders(in));
        }
        writeNullable(out, builder.build().buffer());
    }

    /** Offset, leader epoch, producer, 0 (abort) or 1; answers with the marker's batch. */
    private static void mark(DataInputStream in, DataOutputStream out) throws IOException {
        long offset = in.readLong();
        int leaderEpoch = in.readInt();
        long producer = in.readLong();
        ControlRecordType kind = in.readByte() == 0 ? ControlRecordType.ABORT : ControlRecordType.COMMIT;
        writeNullable(out, MemoryRecords.withEndTransactionMarker(
            offset, 0L, leaderEpoch, producer, (short) 0, new EndTransactionMarker(kind, 1)).buffer());
    }

    /** A record set; answers with its batches, each followed by its records. */
    private static void read(DataInputStream in, DataOutputStream out) throws IOException {
        List<RecordBatch> batches = new ArrayList<>();
        for (RecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(readNullable(in))).batches()) {
            batch.ensureValid();
            batches.add(batch);
        }
        out.writeInt(batches.size());
        for (RecordBatch batch : batches) {
            out.writeByte(batch.magic());
            out.writeByte(batch.compressionType().id);
            out.writeByte(batch.timestampType().id);
            out.writeBoolean(batch.isTransactional());
            out.writeBoolean(batch.isControlBatch());
            out.writeLong(batch.nextOffset());
            out.writeLong(batch.maxTimestamp());
            out.writeLong(batch.producerId());
            out.writeShort(batch.producerEpoch());
            out.writeInt(batch.baseSequence());
            out.writeInt(batch.partitionLeaderEpoch());
            List<Record> records = new ArrayList<>();
            batch.forEach(records::add);
            out.writeInt(records.size());
            for (Record record : records) {
                record.ensureValid();
                out.writeLong(record.offset());
                out.writeLong(record.timestamp());
                writeNullable(out, record.key());
                writeNullable(out, record.value());
                out.writeInt(record.headers().length);
                for (Header header : record.headers()) {
                    writeNullable(out, ByteBuffer.wrap(header.key().getBytes(StandardCharsets.UTF_8)));
                    writeNullable(out, header.value() == null ? null : ByteBuffer.wrap(header.value()));
                }
            }
        }
    }

    private static Header[] readHeaders(DataInputStream in) throws IOException {
        Header[] headers = new Header[in.readInt()];
        for (int number = 0; number < headers.length; number++) {
            String key = new String(readNullable(in), StandardCharsets.UTF_8);
            headers[number] = new RecordHeader(key, readNullable(in));
        }
        return headers;
    }

    private static byte[] readNullable(DataInputStream in) throws IOException {
        int size = in.readInt();
        if (size < 0) {
            return null;
        }
        byte[] bytes = new byte[size];
        in.readFully(bytes);
        return bytes;
    }

    private static void writeNullable(DataOutputStream out, ByteBuffer bytes) throws IOException {
        if (bytes == null) {
            out.writeInt(-1);
            return;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        out.writeInt(copy.length);
        out.write(copy);
    }
}
